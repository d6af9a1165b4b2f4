#include "mongo/catalog.h"
#include "mongo/schema.h"
#include "mongo/server_error.h"
#include "mongo/write_reply.h"
#include "mongo/writer_impl.h"

namespace ddsync::mongo {
namespace {

const std::string kBulkDatabase = "admin";
constexpr int kUnauthorized = 13;  // said before anything of the command is done
constexpr int kDollarPrefixedFieldName = 52;

// The engine removes and inserts what is refused with 52.
void tell_refused_names(const WriteBatch& batch, WriteOutcome& outcome) {
  for (auto& [index, error] : outcome.operation_errors) {
    if (is_refused_for_its_names(batch.operations[index], error.code))
      error = make_error(ErrorContext::write_operation, kDollarPrefixedFieldName, "", error.message);
  }
}

}  // namespace

WriteOutcome CommandWriter::write(const WriteBatch& batch) {
  const bool past_validators = bypass_.in_use(batch);
  WriteOutcome outcome = send(batch, past_validators);
  if (past_validators) {
    const bool is_refused = outcome.failed && outcome.error.code == kUnauthorized;
    if (!is_refused || batch.parts.size() > 1) return outcome;  // of several parts each goes alone then
    bypass_.deny(batch);
    outcome = send(batch, false);
  }
  bypass_.judge(batch, outcome);
  return outcome;
}

WriteOutcome CommandWriter::send(const WriteBatch& batch, bool past_validators) {
  const size_t operations = batch.operations.size();
  std::optional<int64_t> number;
  if (fenced_) number = transaction_number_.fetch_add(1) + 1;
  const DocumentView bytes = command_.build(batch, number, past_validators);
  if (bytes.size > kCommandBytesMax - kDriverBytesMax)
    return failed_outcome(make_error(ErrorContext::write_command, kBsonObjectTooLarge, "",
                                     "the command would be larger than the target accepts"),
                          operations);
  bson_t command;
  if (!bson_init_static(&command, bytes.data, bytes.size))
    return failed_outcome(make_error(ErrorContext::write_command, 22, "", "a document with a wrong length"),
                          operations);
  const bool bulk = batch.parts.size() > 1;
  const std::string& database = bulk ? kBulkDatabase : batch.parts.front().ns.database;
  const auto reply = connection_.write(ErrorContext::write_command, database, command);
  if (!reply) return failed_outcome(reply.error(), operations);
  WriteOutcome outcome = bulk ? parse_bulk_reply(reply->view(), batch)
                              : parse_write_reply(reply->view(), batch.parts.front().kind, operations);
  tell_refused_names(batch, outcome);
  return outcome;
}

std::optional<Error> CommandWriter::change_schema(const SchemaChange& change, const NamespaceFilter& filter) {
  switch (change.kind) {
    case SchemaChangeKind::drop:
      return drop_collection(connection_, change.ns);
    case SchemaChangeKind::rename:
      return rename_collection(connection_, change.ns, change.to);
    case SchemaChangeKind::create:
      return create_collection(connection_, change.ns, change.arguments);
    case SchemaChangeKind::create_indexes:
      return create_indexes(connection_, change.ns, indexes_of(change.arguments));
    case SchemaChangeKind::drop_indexes:
      return drop_indexes(connection_, change.ns, indexes_of(change.arguments));
    case SchemaChangeKind::modify:
      return coll_mod(connection_, change.ns, change.arguments);
    case SchemaChangeKind::prepare_copy:
    case SchemaChangeKind::build_indexes:
    case SchemaChangeKind::build_late_indexes:
      return make_error(ErrorContext::schema, kErrorProtocol, "", "a step of the copy is no command");
    case SchemaChangeKind::drop_database:
      break;
  }
  if (change.whole_database) return drop_database(connection_, change.ns.database);
  const auto names = list_collections(connection_, ErrorContext::schema, change.ns.database);
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (!filter.contains(change.ns.database, name)) continue;
    if (auto error = drop_collection(connection_, {change.ns.database, name})) return error;
  }
  return std::nullopt;
}

}  // namespace ddsync::mongo
