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
  OperationError result{.index = static_cast<uint32_t>(as_integer(find_value(document, index_name))),
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

std::optional<Error> parse_errors(DocumentView list, std::string_view index_name, size_t operations,
                                  std::vector<OperationError>& errors) {
  ElementCursor elements(list);
  while (elements.next()) {
    if (elements.value().type != BsonType::document) continue;
    errors.push_back(parse_operation_error(elements.value().as_document(), index_name));
    if (errors.back().index >= operations)
      return make_error(ErrorContext::write_command, kErrorProtocol, "",
                        "a write error for an operation that was not sent");
  }
  return std::nullopt;
}

// A cursor of results, because of errorsOnly of errors; one reply holds them, or the batch is sent in parts.
std::optional<Error> parse_bulk_errors(DocumentView cursor, size_t operations,
                                       std::vector<OperationError>& errors) {
  const ValueView first = find_value(cursor, "firstBatch");
  if (first.type != BsonType::array)
    return make_error(ErrorContext::write_command, kErrorProtocol, "", "a bulkWrite reply without results");
  if (as_integer(find_value(cursor, "id")) != 0)
    return make_error(ErrorContext::write_command, kBsonObjectTooLarge, "",
                      "more errors than one reply holds");
  return parse_errors(first.as_document(), "idx", operations, errors);
}

}  // namespace

WriteOutcome parse_write_reply(DocumentView reply, size_t operations) {
  WriteOutcome outcome;
  ElementCursor fields(reply);
  while (fields.next()) {
    const ValueView value = fields.value();
    std::optional<Error> failed;
    if (fields.name() == "writeConcernError" && value.type == BsonType::document)
      failed = write_concern_error(value.as_document());
    else if (fields.name() == "writeErrors" && value.type == BsonType::array)
      failed = parse_errors(value.as_document(), "index", operations, outcome.operation_errors);
    else if (fields.name() == "cursor" && value.type == BsonType::document)
      failed = parse_bulk_errors(value.as_document(), operations, outcome.operation_errors);
    if (failed) return failed_outcome(std::move(*failed), operations);
  }
  std::ranges::sort(outcome.operation_errors, {}, &OperationError::index);
  return outcome;
}

WriteOutcome failed_outcome(Error error, size_t operations) {
  if (error.treatment != Treatment::split || operations != 1)
    return {.failed = true, .error = std::move(error), .operation_errors = {}};
  Error of_operation = make_error(ErrorContext::write_operation, error.code, error.code_name, error.message);
  return {.failed = false, .error = {}, .operation_errors = {{.index = 0, .error = std::move(of_operation)}}};
}

}  // namespace ddsync::mongo
