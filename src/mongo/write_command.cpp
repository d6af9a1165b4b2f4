#include "mongo/write_command.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <string>
#include <string_view>
#include <unordered_map>

namespace ddsync::mongo {
namespace {

constexpr size_t kKeptCapacity_bytes = 4u << 20;
// Type, index, `filter`, `_id`, `updateMods`, `upsert`, `multi` and lengths of one operation.
constexpr size_t kOperationOverhead_bytes = 96;
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

// With its _id in the query and in the replacement a large document would not fit into a command.
bool is_too_much_twice(const WriteOp& operation) {
  return uint64_t{operation.id.size} + operation.document.size > kDocumentBytesMax;
}

// The length of the element `_id` when it leads and is that of the query, else 0.
uint32_t leading_id(const WriteOp& operation) {
  constexpr std::string_view name("_id\0", 4);  // with its terminator
  const ValueView& id = operation.id;
  const auto size = static_cast<uint32_t>(1 + name.size() + id.size);
  const DocumentView document = operation.document;
  if (document.size < sizeof(int32_t) + size) return 0;
  const uint8_t* element = document.data + sizeof(int32_t);
  const bool leads = element[0] == static_cast<uint8_t>(id.type) &&
                     std::memcmp(element + 1, name.data(), name.size()) == 0 &&
                     std::equal(id.data, id.data + id.size, element + 1 + name.size());
  return leads ? size : 0;
}

// Whether servers would take what stands behind the first `skipped` bytes for update operators and execute
// them: the first name tells. (MongoDB 5.0 and later store names that begin with `$`.)
bool reads_as_operators(DocumentView document, uint32_t skipped) {
  const size_t element = sizeof(int32_t) + skipped;
  return element + 1 < document.size && document.data[element] != 0 && document.data[element + 1] == '$';
}

// The length of a leading `_id` that is better left to the query, else 0: without it every server keeps the
// _id of the query.
uint32_t leading_id_to_leave_out(const WriteOp& operation) {
  if (!is_thought_to_change(operation.id) && !is_too_much_twice(operation)) return 0;
  const uint32_t size = leading_id(operation);
  return reads_as_operators(operation.document, size) ? 0 : size;
}

// Names of array elements: 0, 1, 2, ...
class ArrayIndex {
 public:
  std::string_view next() {
    const char* end = std::to_chars(digits_.data(), digits_.data() + digits_.size(), index_++).ptr;
    return {digits_.data(), static_cast<size_t>(end - digits_.data())};
  }

 private:
  std::array<char, 12> digits_{};
  uint32_t index_ = 0;
};

// The collections of a bulkWrite, each once.
class Collections {
 public:
  int32_t place_of(const Namespace& ns) {
    const auto [at, is_new] = places_.try_emplace(ns.name(), static_cast<int32_t>(names_.size()));
    if (is_new) names_.push_back(at->first);
    return at->second;
  }
  const std::vector<std::string>& names() const { return names_; }

 private:
  std::unordered_map<std::string, int32_t> places_;
  std::vector<std::string> names_;
};

}  // namespace

bool is_refused_for_its_names(const WriteOp& operation, int code) {
  constexpr int kImmutableField = 66;
  return code == kImmutableField && is_thought_to_change(operation.id) &&
         reads_as_operators(operation.document, leading_id(operation));
}

DocumentView WriteCommand::build(const WriteBatch& batch, std::optional<int64_t> transaction_number,
                                 bool past_validators) {
  reserve(batch);
  bytes_.resize(sizeof(int32_t));
  const bool bulk = batch.parts.size() > 1;
  if (bulk) {
    append_int32("bulkWrite", 1);
    append_boolean("errorsOnly", true);
  } else {
    append_text(words(batch.parts.front().kind).command, batch.parts.front().ns.collection);
  }
  append_boolean("ordered", false);
  if (past_validators) append_boolean("bypassDocumentValidation", true);
  const bool writes = bulk || batch.parts.front().kind != WriteKind::remove;
  if (keep_empty_timestamps_ && writes) append_boolean("bypassEmptyTsReplacement", true);
  if (transaction_number) {
    append_name(BsonType::int64, "txnNumber");
    append_bytes(&*transaction_number, sizeof *transaction_number);
  }
  bulk ? append_bulk(batch) : append_statements(batch);
  close(0);
  return {bytes_.data(), static_cast<uint32_t>(bytes_.size())};
}

void WriteCommand::reserve(const WriteBatch& batch) {
  bytes_.clear();
  size_t needed = batch.bytes + batch.operations.size() * kOperationOverhead_bytes + kEnvelope_bytes;
  for (const WritePart& part : batch.parts) needed += part.ns.name().size() + kOperationOverhead_bytes;
  if (bytes_.capacity() > kKeptCapacity_bytes && needed <= kKeptCapacity_bytes) bytes_.shrink_to_fit();
  bytes_.reserve(needed);
}

void WriteCommand::append_statements(const WriteBatch& batch) {
  const WriteKind kind = batch.parts.front().kind;
  const size_t list = open(BsonType::array, words(kind).list);
  ArrayIndex index;
  for (const WriteOp& operation : batch.operations) append_statement(kind, operation, index.next());
  close(list);
}

void WriteCommand::append_statement(WriteKind kind, const WriteOp& operation, std::string_view index) {
  if (kind == WriteKind::insert) {
    append_name(BsonType::document, index);
    append_bytes(operation.document.data, operation.document.size);
    return;
  }
  const size_t entry = open(BsonType::document, index);
  append_query("q", operation.id);
  if (kind == WriteKind::replace) {
    append_replacement("u", operation);
    append_boolean("upsert", true);
  } else {
    append_int32("limit", 1);
  }
  close(entry);
}

void WriteCommand::append_bulk(const WriteBatch& batch) {
  Collections collections;
  const size_t list = open(BsonType::array, "ops");
  ArrayIndex index;
  auto operation = batch.operations.begin();
  for (const WritePart& part : batch.parts) {
    const int32_t collection = collections.place_of(part.ns);
    for (uint32_t i = 0; i < part.operations; ++i)
      append_bulk_statement(part.kind, collection, *operation++, index.next());
  }
  close(list);

  const size_t named = open(BsonType::array, "nsInfo");
  ArrayIndex place;
  for (const std::string& name : collections.names()) {
    const size_t entry = open(BsonType::document, place.next());
    append_text("ns", name);
    close(entry);
  }
  close(named);
}

void WriteCommand::append_bulk_statement(WriteKind kind, int32_t collection, const WriteOp& operation,
                                         std::string_view index) {
  const size_t entry = open(BsonType::document, index);
  append_int32(words(kind).command, collection);
  if (kind == WriteKind::insert) {
    append_name(BsonType::document, "document");
    append_bytes(operation.document.data, operation.document.size);
  } else {
    append_query("filter", operation.id);
    if (kind == WriteKind::replace) {
      append_replacement("updateMods", operation);
      append_boolean("upsert", true);
    }
    append_boolean("multi", false);
  }
  close(entry);
}

void WriteCommand::append_query(std::string_view name, const ValueView& id) {
  const size_t query = open(BsonType::document, name);
  append_name(id.type, "_id");
  append_bytes(id.data, id.size);
  close(query);
}

void WriteCommand::append_replacement(std::string_view name, const WriteOp& operation) {
  const DocumentView document = operation.document;
  append_name(BsonType::document, name);
  const uint32_t skipped = leading_id_to_leave_out(operation);
  const auto length = static_cast<int32_t>(document.size - skipped);
  const size_t head = sizeof length + skipped;
  append_bytes(&length, sizeof length);
  append_bytes(document.data + head, document.size - head);
}

void WriteCommand::append_text(std::string_view name, std::string_view text) {
  append_name(BsonType::string, name);
  const auto length = static_cast<int32_t>(text.size() + 1);
  append_bytes(&length, sizeof length);
  append_bytes(text.data(), text.size());
  bytes_.push_back(0);
}

void WriteCommand::append_int32(std::string_view name, int32_t number) {
  append_name(BsonType::int32, name);
  append_bytes(&number, sizeof number);
}

void WriteCommand::append_boolean(std::string_view name, bool value) {
  append_name(BsonType::boolean, name);
  bytes_.push_back(value ? 1 : 0);
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

}  // namespace ddsync::mongo
