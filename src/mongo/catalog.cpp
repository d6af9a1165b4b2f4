#include "mongo/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "bson/uuid.h"
#include "mongo/reply.h"
#include "mongo/server_error.h"

namespace ddsync::mongo {
namespace {

using Clock = std::chrono::steady_clock;

// What failed sooner was cut off, or its server has stepped down; what took longer would take as long again.
constexpr auto kFailedAtOnce = std::chrono::seconds(5);

// A question that was cut off is asked once more: otherwise whoever asks thousands of them, one after the
// other, begins anew with the first each time.
template <typename Question>
Result<Reply> ask(const Question& question) {
  const Clock::time_point asked = Clock::now();
  Result<Reply> reply = question();
  const bool cut_off =
      !reply && reply.error().treatment == Treatment::retry && reply.error().code != kMaxTimeExpired;
  return cut_off && Clock::now() - asked < kFailedAtOnce ? question() : std::move(reply);
}

std::optional<Error> unless_missing(std::optional<Error> error) {
  if (error && error->treatment == Treatment::missing) return std::nullopt;
  return error;
}

void append_text(Bson& command, const char* name, const std::string& text) {
  bson_append_utf8(command.get(), name, -1, text.c_str(), static_cast<int>(text.size()));
}

// No server answers so often with nothing while it looks for more: a cursor that never ends.
constexpr uint32_t kEmptyPagesMax = 1'000;

struct CursorPage {
  int64_t id = 0;
  bool is_empty = true;
  std::string collection;
};

// Of a damaged page some documents may have been taken already.
Result<CursorPage> take_page(ErrorContext context, DocumentView reply, const std::string& database,
                             std::string_view list, const std::function<void(DocumentView)>& take) {
  const auto cursor = read_cursor(context, reply, list);
  if (!cursor) return tl::unexpected(cursor.error());
  CursorPage page{.id = cursor->id, .is_empty = true, .collection = {}};
  if (cursor->ns.size() > database.size()) page.collection = cursor->ns.substr(database.size() + 1);
  const bool whole = for_each_of(cursor->list, [&](DocumentView document) {
    page.is_empty = false;
    take(document);
    return true;
  });
  if (!whole) return tl::unexpected(damaged_reply(context, "a reply with a damaged list"));
  return page;
}

// All documents of a cursor; none when the namespace is not there.
Result<std::vector<OwnedDocument>> collect(Connection& connection, ErrorContext context,
                                           const std::string& database, const bson_t& command) {
  std::vector<OwnedDocument> documents;
  const auto done = for_each_document(connection, context, database, command,
                                      [&](DocumentView document) { documents.emplace_back(document); });
  if (done || done.error().treatment == Treatment::missing) return documents;
  return tl::unexpected(done.error());
}

}  // namespace

std::optional<Error> run_schema_command(Connection& connection, const std::string& database,
                                        const bson_t& command) {
  const auto reply = connection.write(ErrorContext::schema, database, command);
  if (!reply) return reply.error();
  const ValueView unproven = find_value(reply->view(), "writeConcernError");
  if (unproven.type != BsonType::document) return std::nullopt;
  Error error = error_from_document(ErrorContext::schema, unproven.as_document());
  error.treatment = Treatment::retry;
  error.outcome_unknown = true;
  return error;
}

std::optional<Error> drop_collection(Connection& connection, const Namespace& ns) {
  Bson command;
  append_text(command, "drop", ns.collection);
  return unless_missing(run_schema_command(connection, ns.database, *command.get()));
}

std::optional<Error> drop_database(Connection& connection, const std::string& database) {
  Bson command;
  bson_append_int32(command.get(), "dropDatabase", -1, 1);
  return unless_missing(run_schema_command(connection, database, *command.get()));
}

std::optional<Error> rename_collection(Connection& connection, const Namespace& from, const Namespace& to) {
  Bson command;
  append_text(command, "renameCollection", from.name());
  append_text(command, "to", to.name());
  bson_append_bool(command.get(), "dropTarget", -1, true);
  return run_schema_command(connection, "admin", *command.get());
}

Result<void> for_each_document(Connection& connection, ErrorContext context, const std::string& database,
                               const bson_t& command, const std::function<void(DocumentView)>& take) {
  // The cursor lives on one server: a read preference may choose another one the next time.
  uint32_t server = 0;
  auto reply = ask([&]() -> Result<Reply> {
    const auto selected = connection.select_server(context);
    if (!selected) return tl::unexpected(selected.error());
    server = *selected;
    return connection.read(context, database, command, server);
  });
  if (!reply) return tl::unexpected(reply.error());
  auto page = take_page(context, reply->view(), database, "firstBatch", take);
  for (uint32_t empty_pages = 0; page && page->id != 0;) {
    empty_pages = page->is_empty ? empty_pages + 1 : 0;
    if (empty_pages > kEmptyPagesMax)
      return tl::unexpected(damaged_reply(context, "a cursor that gives nothing and does not end"));
    Bson more;
    bson_append_int64(more.get(), "getMore", -1, page->id);
    append_text(more, "collection", page->collection);
    reply = connection.read(context, database, *more.get(), server);
    if (!reply) return tl::unexpected(reply.error());
    page = take_page(context, reply->view(), database, "nextBatch", take);
  }
  if (!page) return tl::unexpected(page.error());
  return {};
}

Result<std::vector<std::string>> list_collections(Connection& connection, ErrorContext context,
                                                  const std::string& database) {
  Bson command;
  bson_append_int32(command.get(), "listCollections", -1, 1);
  bson_append_bool(command.get(), "nameOnly", -1, true);
  std::vector<std::string> names;
  const auto done = for_each_document(connection, context, database, *command.get(), [&](DocumentView entry) {
    const std::string_view name = as_text(find_value(entry, "name"));
    const bool is_view = as_text(find_value(entry, "type")) == "view";
    if (!is_view && !name.empty() && !name.starts_with("system.")) names.emplace_back(name);
  });
  if (done) return names;
  if (done.error().treatment == Treatment::missing) return std::vector<std::string>();
  return tl::unexpected(done.error());
}

Result<std::vector<OwnedDocument>> list_collection_entries(Connection& connection,
                                                           const std::string& database,
                                                           const std::string& name) {
  Bson command;
  bson_append_int32(command.get(), "listCollections", -1, 1);
  if (!name.empty()) {
    bson_t filter;
    bson_append_document_begin(command.get(), "filter", -1, &filter);
    bson_append_utf8(&filter, "name", -1, name.c_str(), static_cast<int>(name.size()));
    bson_append_document_end(command.get(), &filter);
  }
  return collect(connection, ErrorContext::find, database, *command.get());
}

std::string uuid_of(DocumentView entry) { return uuid_text(find_value(document_at(entry, "info"), "uuid")); }

Result<std::vector<OwnedDocument>> list_indexes(Connection& connection, ErrorContext context,
                                                const Namespace& ns) {
  Bson command;
  append_text(command, "listIndexes", ns.collection);
  constexpr int not_on_a_view = 166;
  auto specs = collect(connection, context, ns.database, *command.get());
  if (!specs && specs.error().code == not_on_a_view) return std::vector<OwnedDocument>();
  if (!specs) return specs;
  // The index of a clustered collection is _id's too, whatever its name.
  std::erase_if(*specs, [](const OwnedDocument& spec) {
    return as_text(find_value(spec.view(), "name")) == "_id_" ||
           as_integer(find_value(spec.view(), "clustered")) != 0;
  });
  return specs;
}

Result<uint64_t> estimated_count(Connection& connection, const Namespace& ns) {
  Bson command;
  append_text(command, "count", ns.collection);
  const auto reply = ask([&] { return connection.read(ErrorContext::find, ns.database, *command.get()); });
  if (!reply && reply.error().treatment == Treatment::missing) return uint64_t{0};
  if (!reply) return tl::unexpected(reply.error());
  const auto count = whole_number(find_value(reply->view(), "n"));
  if (!count) return tl::unexpected(damaged_reply(ErrorContext::find, "a count that is no number"));
  return static_cast<uint64_t>(std::max<int64_t>(*count, 0));
}

Result<uint64_t> storage_bytes(Connection& connection, const Namespace& ns) {
  Bson command;
  append_text(command, "collStats", ns.collection);
  const auto reply = connection.read(ErrorContext::find, ns.database, *command.get());
  if (!reply) return tl::unexpected(reply.error());
  return static_cast<uint64_t>(std::max<int64_t>(as_integer(find_value(reply->view(), "storageSize")), 0));
}

Result<std::vector<std::string>> list_databases(Connection& connection) {
  Bson command;
  bson_append_int32(command.get(), "listDatabases", -1, 1);
  bson_append_bool(command.get(), "nameOnly", -1, true);
  const auto reply = ask([&] { return connection.read(ErrorContext::find, "admin", *command.get()); });
  if (!reply) return tl::unexpected(reply.error());
  std::vector<std::string> names;
  const ValueView list = find_value(reply->view(), "databases");
  const bool whole = list.type == BsonType::array && for_each_of(list.as_document(), [&](DocumentView entry) {
                       const std::string_view name = as_text(find_value(entry, "name"));
                       const bool is_internal = name == "admin" || name == "local" || name == "config";
                       if (!is_internal) names.emplace_back(name);
                       return !name.empty();
                     });
  if (!whole) return tl::unexpected(damaged_reply(ErrorContext::find, "a damaged list of databases"));
  return names;
}

}  // namespace ddsync::mongo
