// Everything the engine can ask for. Whoever drives it (runtime or simulator) carries it out and answers
// with the input named at each type.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "engine/checkpoint.h"
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
// Answer: StreamBatch or StreamFailed. Never asked twice without an answer in between.
struct ReadStream {
  StreamId stream;
  uint32_t events_max = 0;
};

// Close the stream's cursor; no answer.
struct CloseStream {
  StreamId stream;
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

enum class StopReason : uint8_t { requested, gap, refused_document, access_denied, local_disk };

// The last output: nothing is in flight, what was applied is durable (except local_disk).
struct Finished {
  StopReason reason = StopReason::requested;
  std::string text;  // empty when requested; with local_disk also the reason of the end before it, if any
};

}  // namespace ddsync::output

namespace ddsync {

using Output = std::variant<output::OpenStream, output::ReadStream, output::CloseStream, WriteBatch,
                            SchemaChange, output::Persist, output::Quarantine, output::Compare,
                            output::WakeAt, output::Notice, output::Watching, output::Finished>;
using Outputs = std::vector<Output>;

}  // namespace ddsync
