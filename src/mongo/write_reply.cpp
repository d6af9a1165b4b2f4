#include "mongo/write_reply.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "mongo/reply.h"
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

Error parse_operation_error(DocumentView document) {
  Error error = error_from_document(ErrorContext::write_operation, document);
  const bool duplicate =
      error.treatment == Treatment::duplicate_id || error.treatment == Treatment::duplicate_other;
  const ValueView pattern = find_value(document, "keyPattern");
  if (duplicate && pattern.type == BsonType::document)
    error.treatment =
        is_id_pattern(pattern.as_document()) ? Treatment::duplicate_id : Treatment::duplicate_other;
  return error;
}

Error untrustworthy(std::string_view why) { return damaged_reply(ErrorContext::write_command, why); }

// Where errors are listed. A bulkWrite may list successes too, which say `ok`.
struct ErrorList {
  std::string_view index_name;
  bool may_hold_successes = false;
};

// Errors by ascending index, each operation at most once.
std::optional<Error> parse_errors(DocumentView list, ErrorList form, size_t operations,
                                  std::vector<OperationError>& errors) {
  std::optional<Error> failed;
  const bool whole = for_each_of(list, [&](DocumentView element) {
    if (form.may_hold_successes && as_integer(find_value(element, "ok")) != 0) return true;
    const int64_t index = whole_number(find_value(element, form.index_name)).value_or(-1);
    if (index < 0 || index >= static_cast<int64_t>(operations)) {
      failed = untrustworthy("a write error for an operation that was not sent");
      return false;
    }
    errors.push_back({.index = static_cast<uint32_t>(index), .error = parse_operation_error(element)});
    return true;
  });
  if (failed) return failed;
  if (!whole) return untrustworthy("a damaged list of write errors");
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

// A server that gives up amid an unordered batch says nothing of the rest. Of deletions only it knows how
// many found something.
bool accounts_for_all(DocumentView reply, WriteKind kind, size_t operations, size_t errors) {
  const int64_t done = whole_number(find_value(reply, "n")).value_or(-1);
  const auto not_refused = static_cast<int64_t>(operations - errors);
  return kind == WriteKind::remove ? done >= 0 && done <= not_refused : done == not_refused;
}

using Errors = std::vector<OperationError>;  // by ascending index

uint32_t errors_between(const Errors& errors, uint32_t first, uint32_t behind) {
  const auto from = std::ranges::lower_bound(errors, first, {}, &OperationError::index);
  const auto to = std::ranges::lower_bound(errors, behind, {}, &OperationError::index);
  return static_cast<uint32_t>(to - from);
}

// The same of a bulkWrite.
bool accounts_for_all(DocumentView reply, const WriteBatch& batch, const Errors& errors) {
  const auto operations = static_cast<int64_t>(batch.operations.size());
  int64_t accounted = 0;
  for (const std::string_view name : {"nInserted", "nMatched", "nUpserted", "nErrors"}) {
    const int64_t count = as_integer(find_value(reply, name));
    if (count < 0 || count > operations) return false;
    accounted += count;
  }
  uint32_t first = 0;
  for (const WritePart& part : batch.parts) {
    const uint32_t behind = first + part.operations;
    if (part.kind == WriteKind::remove) accounted += part.operations - errors_between(errors, first, behind);
    first = behind;
  }
  return as_integer(find_value(reply, "nErrors")) == static_cast<int64_t>(errors.size()) &&
         accounted >= operations;
}

}  // namespace

WriteOutcome parse_write_reply(DocumentView reply, WriteKind kind, size_t operations) {
  WriteOutcome outcome;
  std::optional<Error> failed = find_write_concern_error(reply);
  const ValueView errors = find_value(reply, "writeErrors");
  if (!failed && errors.type == BsonType::array)
    failed = parse_errors(errors.as_document(), {"index"}, operations, outcome.operation_errors);
  else if (!failed && !errors.missing())
    failed = untrustworthy("a damaged list of write errors");
  if (!failed && !accounts_for_all(reply, kind, operations, outcome.operation_errors.size()))
    failed = untrustworthy("a reply that does not account for all writes");
  return failed ? failed_outcome(std::move(*failed), operations) : outcome;
}

WriteOutcome parse_bulk_reply(DocumentView reply, const WriteBatch& batch) {
  const size_t operations = batch.operations.size();
  WriteOutcome outcome;
  std::optional<Error> failed = find_write_concern_error(reply);
  const DocumentView cursor = document_at(reply, "cursor");
  const ValueView first = find_value(cursor, "firstBatch");
  if (!failed && first.type != BsonType::array) failed = untrustworthy("a bulkWrite reply without results");
  if (!failed)
    failed = parse_errors(first.as_document(), {"idx", true}, operations, outcome.operation_errors);
  if (!failed && as_integer(find_value(cursor, "id")) != 0)
    failed =
        make_error(ErrorContext::write_command, kBsonObjectTooLarge, "", "more errors than one reply holds");
  if (!failed && !accounts_for_all(reply, batch, outcome.operation_errors))
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
