// The simulated target: executes write commands and schema changes, and refuses late ones where it can.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bson/owned.h"
#include "engine/schema_change.h"
#include "engine/write.h"
#include "sim/store.h"

namespace ddsync::sim {

// Of the whole command.
WriteOutcome failed(Error error);

// A write command on its way: a copy, because it may land long after the engine has forgotten it.
struct Request {
  struct Operation {
    WriteKind kind = WriteKind::insert;
    Namespace ns;
    OwnedValue id;
    OwnedDocument document;
  };
  std::vector<Operation> operations;
  size_t parts = 0;
  uint64_t session = 0;
  uint64_t number = 0;   // rises within a session
  bool settled = false;  // executed, or never to be

  explicit Request(const WriteBatch& batch);
};

class Target {
 public:
  // How a document is refused that the target does not take.
  enum class Refusal : uint8_t { operation, command };

  Target(bool unique_index, bool refuses_late_writes, Refusal refusal)
      : unique_index_(unique_index), refuses_late_writes_(refuses_late_writes), refusal_(refusal) {}

  using Positions = std::optional<std::vector<uint32_t>>;

  // Executes the operations at `positions`, or all.
  WriteOutcome execute(const Request& request, const Positions& positions = std::nullopt);
  // `source`: the collection there when the change was looked up; none is there.
  std::optional<Error> execute(const SchemaChange& change, const NamespaceFilter& filter,
                               const std::optional<Collection>& source);

  // From now on it takes every document: the operator has mended the cause.
  void take_everything() { takes_everything_ = true; }
  const Store& store() const { return store_; }

 private:
  void create(const Namespace& ns, int64_t options);
  std::optional<Error> build_indexes(const Namespace& ns, const Collection& source);
  void drop_database(const SchemaChange& change, const NamespaceFilter& filter);
  Put put(const Request::Operation& operation);
  bool refuses(const Request::Operation& operation) const;

  bool unique_index_;
  bool refuses_late_writes_;
  Refusal refusal_;
  bool takes_everything_ = false;
  Store store_;
  std::map<uint64_t, uint64_t> highest_number_;  // by session
};

}  // namespace ddsync::sim
