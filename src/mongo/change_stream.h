// One change stream, read with raw aggregate/getMore commands: the whole reply is one buffer that the engine
// views, nothing is copied per event. fullDocument: updateLookup. Expanded events (create, createIndexes,
// dropIndexes, modify) where the source has them: asked for, and once it has refused that not again. Once an
// event was larger than the source can deliver (10334), events come without their updateDescription. A reply
// without a usable cursor id and list is an error (kErrorProtocol): open again behind the last event.
// Thread-safety: one thread.
#pragma once

#include <memory>

#include "engine/batch.h"
#include "engine/position.h"
#include "mongo/endpoint.h"

namespace ddsync::mongo {

class ChangeStream {
 public:
  virtual ~ChangeStream() = default;

  // Opens the cursor (batchSize 0: no event is read before the start position is durable). Gives the position
  // of a new stream: postBatchResumeToken, else operationTime, else none. Closes an open cursor first.
  virtual Result<StreamPosition> open(const StreamPosition& position) = 0;

  // Whether the open cursor brings expanded events, or the source has refused that.
  virtual bool expanded() const = 0;

  // The next batch; waits up to about a second for the first event; an empty batch is an answer.
  virtual Result<RawBatch> next(uint32_t events_max) = 0;

  // Kills the server's cursor (best effort) and gives the connection back.
  virtual void close() = 0;
};

}  // namespace ddsync::mongo
