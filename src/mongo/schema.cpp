#include "mongo/schema.h"

#include "bson/writer.h"
#include "mongo/catalog.h"
#include "mongo/schema_support.h"
#include "mongo/server_error.h"
#include "mongo/writer.h"

namespace ddsync::mongo {
namespace {

constexpr int kIndexNotFound = 27;

std::optional<Error> run(Connection& connection, const Namespace& ns, BsonWriter command) {
  const std::string bytes = command.finish();
  bson_t bson;
  bson_init_static(&bson, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  return run_schema_command(connection, ns.database, bson);
}

// {<name>: <collection>, ...fields}
BsonWriter command_with(std::string_view name, const Namespace& ns, const OwnedDocument& fields) {
  BsonWriter command;
  command.string(name, ns.collection);
  ElementCursor cursor(fields.view());
  while (cursor.next()) command.value(cursor.name(), cursor.value());
  return command;
}

bool has_options(Connection& connection, const Namespace& ns, const OwnedDocument& options) {
  const auto entries = list_collection_entries(connection, ns.database, ns.collection);
  if (!entries || entries->empty()) return false;
  const OwnedDocument there(document_at(entries->front().view(), "options"));
  return normalised_options(there) == options;
}

std::optional<Error> unless_gone(std::optional<Error> error) {
  if (error && (error->treatment == Treatment::missing || error->code == kIndexNotFound)) return std::nullopt;
  return error;
}

}  // namespace

std::optional<Error> create_collection(Connection& connection, const Namespace& ns,
                                       const OwnedDocument& options) {
  const OwnedDocument normalised = normalised_options(options);
  auto error = run(connection, ns, command_with("create", ns, normalised));
  const bool exists = error && error->code == kNamespaceExists;
  if (exists && has_options(connection, ns, normalised)) return std::nullopt;
  return error;
}

std::optional<Error> create_indexes(Connection& connection, const Namespace& ns,
                                    const std::vector<OwnedDocument>& specifications) {
  if (specifications.empty()) return std::nullopt;
  BsonWriter list;
  size_t number = 0;
  for (const OwnedDocument& specification : specifications) {
    const OwnedDocument index = index_to_create(specification);
    list.value(std::to_string(number++), {BsonType::document, index.view().data, index.view().size});
  }
  BsonWriter command;
  command.string("createIndexes", ns.collection).document("indexes", list.finish(), BsonType::array);
  return run(connection, ns, std::move(command));
}

// One by one: a command of several that names a missing one drops none.
std::optional<Error> drop_indexes(Connection& connection, const Namespace& ns,
                                  const std::vector<OwnedDocument>& specifications) {
  for (const OwnedDocument& specification : specifications) {
    const std::string_view name = as_text(find_value(specification.view(), "name"));
    if (name.empty()) continue;
    BsonWriter command;
    command.string("dropIndexes", ns.collection).string("index", name);
    if (auto error = unless_gone(run(connection, ns, std::move(command)))) return error;
  }
  return std::nullopt;
}

std::optional<Error> coll_mod(Connection& connection, const Namespace& ns, const OwnedDocument& changes) {
  return unless_gone(run(connection, ns, command_with("collMod", ns, changes)));
}

std::vector<OwnedDocument> indexes_of(const OwnedDocument& arguments) {
  std::vector<OwnedDocument> indexes;
  ElementCursor cursor(document_at(arguments.view(), "indexes"));
  while (cursor.next())
    if (cursor.value().type == BsonType::document) indexes.emplace_back(cursor.value().as_document());
  return indexes;
}

}  // namespace ddsync::mongo
