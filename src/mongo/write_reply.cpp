#include "mongo/write_reply.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "mongo/server_error.h"

namespace ddsync::mongo {
namespace {

Error write_concern_error(DocumentView document) {
  Error error = error_from_document(ErrorContext::write_command, document);
  if (error.treatment != Treatment::fatal) error.treatment = Treatment::retry;
  error.outcome_unknown = true;
  return error;
}

// {_id: 1} and nothing else. The index name in the text is the fallback: DocumentDB gives no keyPattern.
bool is_id_pattern(DocumentView key_pattern) {
  ElementCursor cursor(key_pattern);
  return cursor.next() && cursor.name() == "_id" && !cursor.next();
}

OperationError parse_operation_error(DocumentView document, std::string_view index_name) {
  OperationError result{.index = static_cast<uint32_t>(as_integer(find_value(document, index_name), -1)),
                        .error = error_from_document(ErrorContext::write_operation, document)};
  Error& error = result.error;
  const bool duplicate =
      error.treatment == Treatment::duplicate_id || error.treatment == Treatment::duplicate_other;
  const ValueView pattern = find_value(document, "keyPattern");
  if (duplicate && pattern.type == BsonType::document)
    error.treatment =
        is_id_pattern(pattern.as_document()) ? Treatment::duplicate_id : Treatment::duplicate_other;
  return result;
}

Error untrustworthy(std::string_view why) {
  return make_error(ErrorContext::write_command, kErrorProtocol, "", why);
}

// Errors by ascending index, each operation at most once. Elements that say `ok` are successes.
std::optional<Error> parse_errors(DocumentView list, std::string_view index_name, size_t operations,
                                  std::vector<OperationError>& errors) {
  ElementCursor elements(list);
  while (elements.next()) {
    if (elements.value().type != BsonType::document) continue;
    const DocumentView element = elements.value().as_document();
    if (as_integer(find_value(element, "ok")) != 0) continue;
    errors.push_back(parse_operation_error(element, index_name));
    if (errors.back().index >= operations)
      return untrustworthy("a write error for an operation that was not sent");
  }
  std::ranges::sort(errors, {}, &OperationError::index);
  if (std::ranges::adjacent_find(errors, {}, &OperationError::index) != errors.end())
    return untrustworthy("two write errors for one operation");
  return std::nullopt;
}

std::optional<Error> find_write_concern_error(DocumentView reply) {
  const ValueView error = find_value(reply, "writeConcernError");
  if (error.type != BsonType::document) return std::nullopt;
  return write_concern_error(error.as_document());
}

// A server that gives up amid an unordered bulkWrite says nothing of the rest. Of deletions only the server
// knows how many found something.
bool accounts_for_all(DocumentView reply, const WriteBatch& batch, size_t errors) {
  const auto count = [&](std::string_view name) { return as_integer(find_value(reply, name)); };
  int64_t accounted = count("nInserted") + count("nMatched") + count("nUpserted") + count("nErrors");
  for (const WritePart& part : batch.parts)
    if (part.kind == WriteKind::remove) accounted += part.operations;
  return count("nErrors") == static_cast<int64_t>(errors) &&
         accounted >= static_cast<int64_t>(batch.operations.size());
}

}  // namespace

WriteOutcome parse_write_reply(DocumentView reply, size_t operations) {
  WriteOutcome outcome;
  std::optional<Error> failed = find_write_concern_error(reply);
  const ValueView errors = find_value(reply, "writeErrors");
  if (!failed && errors.type == BsonType::array)
    failed = parse_errors(errors.as_document(), "index", operations, outcome.operation_errors);
  return failed ? failed_outcome(std::move(*failed), operations) : outcome;
}

WriteOutcome parse_bulk_reply(DocumentView reply, const WriteBatch& batch) {
  const size_t operations = batch.operations.size();
  WriteOutcome outcome;
  std::optional<Error> failed = find_write_concern_error(reply);
  const DocumentView cursor = document_at(reply, "cursor");
  const ValueView first = find_value(cursor, "firstBatch");
  if (!failed && first.type != BsonType::array) failed = untrustworthy("a bulkWrite reply without results");
  if (!failed) failed = parse_errors(first.as_document(), "idx", operations, outcome.operation_errors);
  if (!failed && as_integer(find_value(cursor, "id")) != 0)
    failed =
        make_error(ErrorContext::write_command, kBsonObjectTooLarge, "", "more errors than one reply holds");
  if (!failed && !accounts_for_all(reply, batch, outcome.operation_errors.size()))
    failed = untrustworthy("a bulkWrite reply that does not account for all operations");
  return failed ? failed_outcome(std::move(*failed), operations) : outcome;
}

WriteOutcome failed_outcome(Error error, size_t operations) {
  if (error.treatment != Treatment::split || operations != 1)
    return {.failed = true, .error = std::move(error), .operation_errors = {}};
  Error of_operation = make_error(ErrorContext::write_operation, error.code, error.code_name, error.message);
  return {.failed = false, .error = {}, .operation_errors = {{.index = 0, .error = std::move(of_operation)}}};
}

}  // namespace ddsync::mongo
