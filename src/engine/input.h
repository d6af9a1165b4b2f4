// Everything that can happen to the engine.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/batch.h"
#include "engine/checkpoint.h"
#include "engine/copy_plan.h"
#include "engine/error.h"
#include "engine/ids.h"
#include "engine/position.h"
#include "engine/write.h"

namespace ddsync::input {

// First input: the target answered `hello`. Given again when the target changed (fail-over to other limits).
struct TargetReady {
  TargetLimits limits;
};

// Answer to output::OpenStream. `start` is the position the server gave for a new stream (post-batch token,
// else operationTime), PositionKind::none when it gave neither; ignored when the stream was resumed.
struct StreamOpened {
  StreamId stream;
  StreamPosition start;
  bool expanded = true;  // it tells of collections and indexes that are created and changed
};

// Answers to output::ReadStream: exactly one of them.
struct StreamBatch {
  StreamId stream;
  RawBatch batch;
};
// Also the answer to a failed output::OpenStream. The stream's cursor is closed by then.
struct StreamFailed {
  StreamId stream;
  Error error;
};

// Answer to an output::ReadStream that names a place in the spool: the batch lies there, durably. (When there
// was nothing to keep, StreamBatch with an empty batch is the answer.)
struct StreamSpooled {
  StreamId stream;
  uint64_t sequence = 0;
  StreamPosition after;      // of the source, behind the batch
  bool invalidated = false;  // its last event is an invalidate: the server has closed the cursor
  uint64_t bytes = 0;        // in the spool
  BatchSize size;            // as it was read
};

// Answers to output::ReadSpool: exactly one of them.
struct SpoolBatch {
  StreamId stream;
  uint64_t sequence = 0;
  RawBatch batch;
  StreamPosition after;
};
struct SpoolFailed {
  StreamId stream;
  Error error;
};

// Answer to output::Write.
struct WriteFinished {
  WriterId writer;
  BatchId id;
  WriteOutcome outcome;
};

// Answer to output::ChangeSchema; no error = done (a drop: or there was nothing to drop).
struct SchemaChanged {
  WriterId writer;
  BatchId id;
  std::optional<Error> error;
  // build_late_indexes: nothing was done, for the source has another collection under the name, this one.
  std::string other_uuid = {};
};

// Answers to output::Persist.
struct CheckpointDurable {
  uint64_t generation = 0;
};
struct CheckpointFailed {
  uint64_t generation = 0;
  Error error;
};

// Answers to output::Quarantine: the records are durable in the dead-letter store, or not.
struct QuarantineDurable {
  uint64_t id = 0;
};
struct QuarantineFailed {
  uint64_t id = 0;
  Error error;
};

// Answer to output::Compare. For each key that was asked, in order: equal on both sides, or what the source
// holds now (an empty document = it does not hold the key).
struct ComparedKey {
  bool equal = false;
  OwnedDocument source_document;
};
struct Compared {
  uint64_t id = 0;
  std::vector<ComparedKey> keys;  // empty when `error`
  std::optional<Error> error;
  uint64_t bytes = 0;  // of the documents of both sides
};

// Answer to output::PlanCopy. Treatment::fatal: the copy must not begin, the message says why and what to do.
struct CopyPlanned {
  uint64_t id = 0;
  std::vector<PlannedCollection> collections;  // empty when `error`
  std::optional<Error> error;
};

// Answers to output::ReadRange: exactly one of them. `batch` holds documents, sorted by _id.
struct RangeBatch {
  ReaderId reader;
  uint64_t range = 0;
  RawBatch batch;
  bool done = false;  // the range is read to its end
};
// The cursor is closed by then.
struct RangeFailed {
  ReaderId reader;
  uint64_t range = 0;
  Error error;
};

// The time asked for by output::WakeAt has come.
struct Tick {};

// An operator asks for a graceful stop: finish what is in flight, persist, end.
struct Stop {};

}  // namespace ddsync::input

namespace ddsync {

using Input =
    std::variant<input::TargetReady, input::StreamOpened, input::StreamBatch, input::StreamFailed,
                 input::StreamSpooled, input::SpoolBatch, input::SpoolFailed, input::WriteFinished,
                 input::SchemaChanged, input::CheckpointDurable, input::CheckpointFailed,
                 input::QuarantineDurable, input::QuarantineFailed, input::Compared, input::CopyPlanned,
                 input::RangeBatch, input::RangeFailed, input::Tick, input::Stop>;

}  // namespace ddsync
