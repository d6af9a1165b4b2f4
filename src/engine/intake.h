// From a batch to pending operations: decodes events in the order of the stream and stops at barriers.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "engine/acknowledger.h"
#include "engine/barriers.h"
#include "engine/copies.h"
#include "engine/lookups.h"
#include "engine/pending_operations.h"
#include "engine/streams.h"
#include "engine/suspects.h"

namespace ddsync {

class Intake {
 public:
  Intake(Shared& shared, Streams& streams, PendingOperations& pending, Acknowledger& acknowledger,
         Barriers& barriers, Copies& copies, Suspects& suspects, Lookups& lookups);

  void on_batch(input::StreamBatch&& input);
  void on_spool_batch(input::SpoolBatch&& input);
  // Decodes what was held up by barriers that are gone.
  void pump();

  // Events by the server's name of their kind.
  std::map<std::string, uint64_t> events_by_kind() const;

 private:
  ElementCursor behind_skipped(Stream& stream, DocumentView events) const;
  void decode(Stream& stream);
  // False when the rest of the batch has to wait.
  bool take(Stream& stream, BatchRecord& batch, const Event& event);
  void take_document(Stream& stream, EventRef ref, const Event& event);
  void take_new_indexes(EventRef ref, const Event& event);
  void take_unknown(EventRef ref, const Event& event);
  NamespaceQueue& queue_of(Stream& stream, const Event& event);
  void fail_malformed(Stream& stream);

  Shared& shared_;
  Streams& streams_;
  PendingOperations& pending_;
  Acknowledger& acknowledger_;
  Barriers& barriers_;
  Copies& copies_;
  Suspects& suspects_;
  Lookups& lookups_;
  std::array<uint64_t, kKnownEventKinds> known_kinds_{};  // by EventKind
  std::map<std::string, uint64_t> other_kinds_;
};

}  // namespace ddsync
