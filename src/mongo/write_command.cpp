#include "mongo/write_command.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string_view>

#include "mongo/server_error.h"

namespace ddsync::mongo {
namespace {

constexpr size_t kKeptCapacity_bytes = 4u << 20;
// Type, index, `q`, `_id`, `u`, `upsert`, `limit` and lengths of one operation.
constexpr size_t kOperationOverhead_bytes = 64;
constexpr size_t kEnvelope_bytes = 1024;

struct Words {
  std::string_view command;
  std::string_view list;
};

Words words(WriteKind kind) {
  switch (kind) {
    case WriteKind::insert:
      return {"insert", "documents"};
    case WriteKind::replace:
      return {"update", "updates"};
    case WriteKind::remove:
      return {"delete", "deletes"};
  }
  return {};
}

// Of MinKey, MaxKey and NaN secantusd 0.5.3 thinks that an equal _id in the replacement changes it, and
// refuses (66).
bool is_thought_to_change(const ValueView& id) {
  if (id.type == BsonType::real) return std::isnan(id.as_double());
  return id.type == BsonType::min_key || id.type == BsonType::max_key;
}

// The length of a leading element `_id` that is better left to the query, else 0: without it every server
// keeps the _id of the query.
uint32_t leading_id_to_leave_out(const WriteOp& operation) {
  constexpr std::string_view name("_id\0", 4);  // with its terminator
  const ValueView& id = operation.id;
  const auto size = static_cast<uint32_t>(1 + name.size() + id.size);
  const DocumentView document = operation.document;
  if (!is_thought_to_change(id) || document.size < sizeof(int32_t) + size) return 0;
  const uint8_t* element = document.data + sizeof(int32_t);
  const bool leads = element[0] == static_cast<uint8_t>(id.type) &&
                     std::memcmp(element + 1, name.data(), name.size()) == 0 &&
                     std::equal(id.data, id.data + id.size, element + 1 + name.size());
  return leads ? size : 0;
}

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

OperationError parse_operation_error(DocumentView document) {
  OperationError result{.index = static_cast<uint32_t>(as_integer(find_value(document, "index"))),
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

}  // namespace

DocumentView WriteCommand::build(const WriteBatch& batch, std::optional<int64_t> transaction_number) {
  bytes_.clear();
  const size_t needed = batch.bytes + batch.operations.size() * kOperationOverhead_bytes + kEnvelope_bytes +
                        batch.ns.name().size();
  if (bytes_.capacity() > kKeptCapacity_bytes && needed <= kKeptCapacity_bytes) bytes_.shrink_to_fit();
  bytes_.reserve(needed);

  const Words name = words(batch.kind);
  const std::string& collection = batch.ns.collection;
  bytes_.resize(sizeof(int32_t));
  append_name(BsonType::string, name.command);
  const auto length = static_cast<int32_t>(collection.size() + 1);
  append_bytes(&length, sizeof length);
  append_bytes(collection.c_str(), collection.size() + 1);
  append_name(BsonType::boolean, "ordered");
  bytes_.push_back(0);
  if (transaction_number) {
    append_name(BsonType::int64, "txnNumber");
    append_bytes(&*transaction_number, sizeof *transaction_number);
  }

  const size_t list = open(BsonType::array, name.list);
  std::array<char, 12> digits{};
  uint32_t index = 0;
  for (const WriteOp& operation : batch.operations) {
    const char* end = std::to_chars(digits.data(), digits.data() + digits.size(), index++).ptr;
    append_operation(batch.kind, operation, {digits.data(), static_cast<size_t>(end - digits.data())});
  }
  close(list);
  close(0);
  return {bytes_.data(), static_cast<uint32_t>(bytes_.size())};
}

void WriteCommand::append_operation(WriteKind kind, const WriteOp& operation, std::string_view index) {
  if (kind == WriteKind::insert) {
    append_name(BsonType::document, index);
    append_bytes(operation.document.data, operation.document.size);
    return;
  }
  const size_t entry = open(BsonType::document, index);
  const size_t query = open(BsonType::document, "q");
  append_name(operation.id.type, "_id");
  append_bytes(operation.id.data, operation.id.size);
  close(query);
  if (kind == WriteKind::replace) {
    append_replacement(operation);
    append_name(BsonType::boolean, "upsert");
    bytes_.push_back(1);
  } else {
    constexpr int32_t one = 1;
    append_name(BsonType::int32, "limit");
    append_bytes(&one, sizeof one);
  }
  close(entry);
}

void WriteCommand::append_replacement(const WriteOp& operation) {
  const DocumentView document = operation.document;
  append_name(BsonType::document, "u");
  const uint32_t skipped = leading_id_to_leave_out(operation);
  const auto length = static_cast<int32_t>(document.size - skipped);
  const size_t head = sizeof length + skipped;
  append_bytes(&length, sizeof length);
  append_bytes(document.data + head, document.size - head);
}

void WriteCommand::append_bytes(const void* data, size_t size) {
  const auto* bytes = static_cast<const uint8_t*>(data);
  bytes_.insert(bytes_.end(), bytes, bytes + size);
}

void WriteCommand::append_name(BsonType type, std::string_view name) {
  bytes_.push_back(static_cast<uint8_t>(type));
  append_bytes(name.data(), name.size());
  bytes_.push_back(0);
}

// Gives where the document starts; its length is filled in by close().
size_t WriteCommand::open(BsonType type, std::string_view name) {
  append_name(type, name);
  const size_t start = bytes_.size();
  bytes_.resize(start + sizeof(int32_t));
  return start;
}

void WriteCommand::close(size_t start) {
  bytes_.push_back(0);
  const auto length = static_cast<int32_t>(bytes_.size() - start);
  std::memcpy(bytes_.data() + start, &length, sizeof length);
}

WriteOutcome parse_write_reply(DocumentView reply, size_t operations) {
  WriteOutcome outcome;
  ElementCursor fields(reply);
  while (fields.next()) {
    const ValueView value = fields.value();
    if (fields.name() == "writeConcernError" && value.type == BsonType::document)
      return {.failed = true, .error = write_concern_error(value.as_document()), .operation_errors = {}};
    if (fields.name() != "writeErrors" || value.type != BsonType::array) continue;
    ElementCursor errors(value.as_document());
    while (errors.next()) {
      if (errors.value().type != BsonType::document) continue;
      outcome.operation_errors.push_back(parse_operation_error(errors.value().as_document()));
      if (outcome.operation_errors.back().index < operations) continue;
      return failed_outcome(make_error(ErrorContext::write_command, kErrorProtocol, "",
                                       "a write error for an operation that was not sent"),
                            operations);
    }
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
