// One range of a collection that is being copied: how far it is read, and how far the target has it.
// Thread-safety: none.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/copy_checkpoint.h"
#include "engine/ids.h"
#include "engine/ledger.h"

namespace ddsync {

struct CollectionCopy;

class RangeCopy {
 public:
  RangeCopy(uint64_t id, CollectionCopy& collection, RangeLeft left, bool resumed)
      : id_(id),
        collection_(collection),
        resumed_(resumed),
        read_to_(left.after),
        left_(std::move(left)),
        ledger_("copy of " + left_.range.ns.name(), Ledger::Holds::copies) {}

  uint64_t id() const { return id_; }
  CollectionCopy& collection() const { return collection_; }
  const CopyRange& bounds() const { return left_.range; }
  // A cursor that has to be opened is opened behind this _id.
  const OwnedValue& read_to() const { return read_to_; }
  // An earlier process, killed, has sent some of what is read next.
  bool resumed() const { return resumed_; }

  Ledger& ledger() { return ledger_; }
  const Ledger& ledger() const { return ledger_; }
  uint64_t documents_read() const { return documents_; }

  // The documents of a batch are in the ledger.
  void note_read(uint64_t documents, OwnedValue last);
  void note_end() { read_all_ = true; }
  bool read_all() const { return read_all_; }
  bool complete() const { return read_all_ && ledger_.all_acknowledged(); }

  // What a restart has to read.
  RangeLeft left() const;

  // Of its cursor and its reader.
  std::optional<ReaderId> reader;
  bool asked = false;
  uint32_t asked_documents = 0;
  Instant asked_at;
  bool open = false;
  uint32_t failures = 0;  // in a row
  Instant read_again_at;

 private:
  uint64_t id_;
  CollectionCopy& collection_;
  bool resumed_;
  bool read_all_ = false;
  uint64_t documents_ = 0;
  OwnedValue read_to_;
  RangeLeft left_;
  Ledger ledger_;
};

}  // namespace ddsync
