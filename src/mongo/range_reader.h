// Reads the documents of one range, raw and in the order of their _ids, so that it can be continued behind
// any of them. Reads go where the URI's read preference says, but see everything that the primary had
// acknowledged when the reader was first opened: a secondary that lags behind must not hide what the stream
// will not tell. Of a time series, where several documents may share an _id, a range can be begun anew but
// not continued. Errors are values with the server's code; after one, open again behind the last _id that was
// read. A cursor that is idle for 60 s may be gone (43). A collection that is not there, at first or any
// more, is an empty range; a reply without a usable cursor id, or with anything but documents with an _id, is
// an error (kErrorProtocol). Thread-safety: one thread.
#pragma once

#include <memory>

#include "engine/batch.h"
#include "engine/copy_plan.h"
#include "mongo/endpoint.h"

namespace ddsync::mongo {

class RangeReader {
 public:
  virtual ~RangeReader() = default;

  // From the start of the range (`after` missing) or behind the document `after`, which need not be there any
  // more. Closes what was open. The query itself goes out with the first next().
  virtual Result<void> open(const CopyRange& range, const OwnedValue& after) = 0;

  // The next documents, as the array RawBatch::events; at most `documents_max` of them, and about 16 MiB.
  // `done`: the range is read to its end, and `next` must not be called again before an open.
  virtual Result<RawBatch> next(uint32_t documents_max, bool& done) = 0;

  // Kills the server's cursor (best effort) and gives the connection back.
  virtual void close() = 0;
};

}  // namespace ddsync::mongo
