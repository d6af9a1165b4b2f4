// Everything the engine can ask for. Whoever drives it (runtime or simulator) carries it out and answers
// with the input named at each type.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "engine/checkpoint.h"
#include "engine/copy_plan.h"
#include "engine/error.h"
#include "engine/ids.h"
#include "engine/position.h"
#include "engine/schema_change.h"
#include "engine/write.h"

namespace ddsync::output {

// Open (or open again) the stream's cursor. Answer: StreamOpened or StreamFailed.
struct OpenStream {
  StreamId stream;
  StreamPosition position;  // none = from now
};

// Read the next batch, waiting for events as long as the server allows (an empty batch is an answer too).
// Answer: StreamBatch, StreamSpooled or StreamFailed. Never asked twice without an answer in between.
struct ReadStream {
  StreamId stream;
  uint32_t events_max = 0;
  // Not 0: the batch is not wanted now, it goes into the spool under this number (StreamSpooled).
  uint64_t spool_as = 0;
  bool spool_idle = false;  // also when it is empty, for its position
};

// Read an entry of the spool. Answer: SpoolBatch or SpoolFailed.
struct ReadSpool {
  StreamId stream;
  uint64_t sequence = 0;
};

// The entries before this one are not needed any more; no answer.
struct TrimSpool {
  StreamId stream;
  uint64_t before = 0;
};

// Close the stream's cursor; no answer.
struct CloseStream {
  StreamId stream;
};

// List what there is to copy of the collections in this stream's scope, and check that it may be copied.
// Answer: CopyPlanned.
struct PlanCopy {
  uint64_t id = 0;
  StreamId stream;
  // Not empty: only this collection, in place of what the target holds.
  Namespace only;
  // Of the stream's collections those that it does not hold; none: all.
  std::shared_ptr<const NamespaceFilter> covered;
};

// Read documents of a range. Answer: RangeBatch or RangeFailed. A reader has at most one in progress.
struct ReadRange {
  ReaderId reader;
  uint64_t range = 0;  // number of the range, for the answer
  // The reader has a cursor for it already and reads on; otherwise it opens one behind `after`.
  bool is_open = false;
  CopyRange bounds;  // of a range that is opened
  OwnedValue after;  // missing = from the range's start
  uint32_t documents_max = 0;
};

// Answer: WriteFinished. A writer has at most one Write, ChangeSchema in progress.
using Write = WriteBatch;

// Answer: SchemaChanged.
using ChangeSchema = SchemaChange;

// Make durable, replacing the one before. Answer: CheckpointDurable or CheckpointFailed.
// Never asked twice without an answer in between.
struct Persist {
  Checkpoint checkpoint;
};

// Append to the dead-letter store, durably. Answer: QuarantineDurable or QuarantineFailed.
struct QuarantineRecord {
  Namespace ns;
  std::string stream;   // WatchScope::name()
  OwnedDocument event;  // the change event, whole
  Error error;
};
struct Quarantine {
  uint64_t id = 0;
  std::vector<QuarantineRecord> records;
};

// Read these documents on both sides and compare their bytes. Answer: Compared.
struct Compare {
  uint64_t id = 0;
  Namespace ns;
  std::vector<OwnedValue> ids;
};

// Give input::Tick at this time (or later); replaces an earlier wish.
struct WakeAt {
  Instant at;
};

enum class Level : uint8_t { debug, info, warning, error };

// A line for the person on call: what happened, to what, what the service does now, what they can do.
struct Notice {
  Level level = Level::info;
  std::string text;
};

// All streams are open and their start positions are durable: what is written from now on is not lost.
struct Watching {
  uint32_t streams = 0;
};

enum class StopReason : uint8_t { requested, gap, refused_document, access_denied, local_disk, copy_refused };

// The last output: nothing is in flight, what was applied is durable (except local_disk).
struct Finished {
  StopReason reason = StopReason::requested;
  std::string text;  // empty when requested; with local_disk also the reason of the end before it, if any
};

}  // namespace ddsync::output

namespace ddsync {

using Output = std::variant<output::OpenStream, output::ReadStream, output::CloseStream, output::ReadSpool,
                            output::TrimSpool, output::PlanCopy, output::ReadRange, WriteBatch, SchemaChange,
                            output::Persist, output::Quarantine, output::Compare, output::WakeAt,
                            output::Notice, output::Watching, output::Finished>;
using Outputs = std::vector<Output>;

}  // namespace ddsync
