#include "sim/target.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace ddsync::sim {
namespace {

Error operation_error(int code, const char* message) {
  return make_error(ErrorContext::write_operation, code, "", message);
}

std::optional<Error> error_of(Put put) {
  if (put == Put::duplicate_id)
    return operation_error(11000, "E11000 duplicate key error collection: x index: _id_ dup key: { _id: 1 }");
  if (put == Put::duplicate_unique)
    return operation_error(11000, "E11000 duplicate key error collection: x index: u_1 dup key: { u: 1 }");
  return std::nullopt;
}

int64_t options_in(const OwnedDocument& arguments) {
  const ValueView options = find_value(arguments.view(), "validator");
  return options.type == BsonType::int64 ? options.as_int64() : 0;
}

std::string index_in(const OwnedDocument& arguments) {
  const ValueView list = find_value(arguments.view(), "indexes");
  if (list.type != BsonType::array) return {};
  const ValueView first = find_value(list.as_document(), "0");
  return first.type == BsonType::document ? std::string(find_value(first.as_document(), "name").as_string())
                                          : std::string();
}

}  // namespace

WriteOutcome failed(Error error) {
  WriteOutcome outcome;
  outcome.failed = true;
  outcome.error = std::move(error);
  return outcome;
}

Request::Request(const WriteBatch& batch) : parts(batch.parts.size()) {
  operations.reserve(batch.operations.size());
  auto operation = batch.operations.begin();
  for (const WritePart& part : batch.parts) {
    for (uint32_t i = 0; i < part.operations; ++i, ++operation) {
      const DocumentView document = operation->document;
      operations.push_back({part.kind, part.ns, OwnedValue(operation->id),
                            document.empty() ? OwnedDocument() : OwnedDocument(document)});
    }
  }
}

bool Target::refuses(const Request::Operation& operation) const {
  return !takes_everything_ && !operation.document.empty() &&
         !find_value(operation.document.view(), "refused").missing();
}

WriteOutcome Target::execute(const Request& request, const Positions& positions) {
  uint64_t& highest = highest_number_[request.session];
  if (refuses_late_writes_ && request.parts == 1 && request.number < highest)
    return failed(make_error(ErrorContext::write_command, 225, "TransactionTooOld", "simulated"));
  highest = std::max(highest, request.number);

  const auto refused = [this](const Request::Operation& operation) {
    return operation.kind == WriteKind::insert && refuses(operation);
  };
  if (refusal_ == Refusal::command && std::ranges::any_of(request.operations, refused)) {
    return failed(make_error(ErrorContext::write_command, 2, "BadValue", "document too large (simulated)"));
  }
  WriteOutcome outcome;
  for (uint32_t i = 0; i < request.operations.size(); ++i) {
    if (positions && std::find(positions->begin(), positions->end(), i) == positions->end()) continue;
    const Request::Operation& operation = request.operations[i];
    std::optional<Error> error =
        refuses(operation) ? operation_error(121, "Document failed validation") : error_of(put(operation));
    if (error) outcome.operation_errors.push_back({i, std::move(*error)});
  }
  return outcome;
}

Put Target::put(const Request::Operation& operation) {
  const ValueView id = operation.id.view();
  Collection& collection = store_.collection(operation.ns);
  switch (operation.kind) {
    case WriteKind::insert:
      return collection.insert(id, operation.document.view(), unique_index_);
    case WriteKind::replace:
      return collection.upsert(id, operation.document.view(), unique_index_);
    case WriteKind::remove:
      collection.erase(identity_of(id));
  }
  return Put::done;
}

std::optional<Error> Target::execute(const SchemaChange& change, const NamespaceFilter& filter,
                                     const std::optional<Collection>& source) {
  switch (change.kind) {
    case SchemaChangeKind::drop:
      store_.drop(change.ns);
      return std::nullopt;
    case SchemaChangeKind::rename:
      if (store_.rename(change.ns, change.to)) return std::nullopt;
      return make_error(ErrorContext::schema, 26, "", "simulated");
    case SchemaChangeKind::create:
      create(change.ns, 0);
      // A document may have made it before.
      if (options_in(change.arguments) != 0)
        store_.collection(change.ns).options = options_in(change.arguments);
      return std::nullopt;
    case SchemaChangeKind::create_indexes:  // no event becomes one
      return std::nullopt;
    case SchemaChangeKind::drop_indexes:
      if (store_.find(change.ns) != nullptr)
        store_.collection(change.ns).indexes.erase(index_in(change.arguments));
      return std::nullopt;
    case SchemaChangeKind::modify:
      if (store_.find(change.ns) != nullptr)
        store_.collection(change.ns).options = options_in(change.arguments);
      return std::nullopt;
    case SchemaChangeKind::prepare_copy:
      if (change.replace) store_.drop(change.ns);
      if (source) create(change.ns, source->options);
      return std::nullopt;
    case SchemaChangeKind::build_indexes:
      return std::nullopt;
    case SchemaChangeKind::build_late_indexes:
      if (!source) return std::nullopt;
      return build_indexes(change.ns, *source);
    case SchemaChangeKind::drop_database:
      drop_database(change, filter);
  }
  return std::nullopt;
}

// What is there already keeps its options.
void Target::create(const Namespace& ns, int64_t options) {
  if (store_.find(ns) == nullptr) store_.collection(ns).options = options;
}

// A collection that is not there is made.
std::optional<Error> Target::build_indexes(const Namespace& ns, const Collection& source) {
  if (source.indexes.empty()) return std::nullopt;
  create(ns, source.options);
  Collection& collection = store_.collection(ns);
  if (source.indexes.count(kUniqueIndex) > 0 && collection.has_duplicates())
    return make_error(ErrorContext::schema, 11000, "", "E11000 duplicate key (simulated)");
  collection.indexes.insert(source.indexes.begin(), source.indexes.end());
  return std::nullopt;
}

void Target::drop_database(const SchemaChange& change, const NamespaceFilter& filter) {
  std::vector<Namespace> dropped;
  for (const auto& [ns, collection] : store_.collections()) {
    const bool in_scope = change.whole_database || filter.contains(ns.database, ns.collection);
    if (ns.database == change.ns.database && in_scope) dropped.push_back(ns);
  }
  for (const Namespace& ns : dropped) store_.drop(ns);
}

}  // namespace ddsync::sim
