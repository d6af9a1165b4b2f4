// RangeReader by raw find/getMore commands over one connection. Internal to mongo/.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "mongo/connection.h"
#include "mongo/range_reader.h"

namespace ddsync::mongo {

class RawRangeReader final : public RangeReader {
 public:
  explicit RawRangeReader(mongoc_client_pool_t* pool) : connection_(pool, Connection::ReadFrom::preferred) {}
  ~RawRangeReader() override;

  Result<void> open(const CopyRange& range, const OwnedValue& after) override;
  Result<RawBatch> next(uint32_t documents_max, bool& done) override;
  void close() override;

 private:
  using Clock = std::chrono::steady_clock;

  Result<void> learn_time();
  Result<Reply> find(uint32_t documents_max);
  Result<Reply> get_more(uint32_t documents_max);
  Result<RawBatch> take(Reply reply, std::string_view list);
  void kill_cursor();

  Connection connection_;
  bool open_ = false;
  Namespace ns_;
  std::vector<OwnedDocument> filters_;  // of the queries that are still to be sent, the last one first
  std::optional<uint64_t> see_until_;   // cluster time that reads must have reached; 0 = the server has none
  int64_t cursor_ = 0;                  // 0 = none
  std::string cursor_collection_;       // that the server names in the cursor
  uint32_t server_ = 0;
  Clock::time_point last_answer_;
};

}  // namespace ddsync::mongo
