// ChangeStream by raw commands over one connection. Internal to mongo/.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "mongo/change_stream.h"
#include "mongo/connection.h"
#include "mongo/reply.h"

namespace ddsync::mongo {

struct Pools {
  mongoc_client_pool_t* usual;
  std::chrono::milliseconds usual_timeout;  // of its clients, for an answer
  // Of clients that wait far longer for an answer. Made when it is first wanted.
  std::function<mongoc_client_pool_t*()> patient;
};

class RawChangeStream final : public ChangeStream {
 public:
  RawChangeStream(Pools pools, const WatchScope& scope);
  ~RawChangeStream() override;

  Result<StreamPosition> open(const StreamPosition& position) override;
  Result<RawBatch> next(uint32_t events_max) override;
  bool expanded() const override { return expanded_; }
  void close() override;

 private:
  using Clock = std::chrono::steady_clock;

  Result<StreamPosition> aggregate(const StreamPosition& position, int32_t events);
  Result<Reply> send_aggregate(const StreamPosition& position, int32_t events);
  void remember_cursor(const CursorReply& cursor);
  bool become_lean(const Error& error);
  Result<RawBatch> get_more(uint32_t events_max);
  Result<Reply> send_get_more(uint32_t events_max);
  void pace(const RawBatch& batch, Clock::time_point asked);
  void kill_cursor();

  Pools pools_;
  Connection connection_;
  WatchScope scope_;
  std::string database_;    // that commands are sent to
  std::string collection_;  // that the server names in the cursor
  int64_t cursor_ = 0;      // 0 = none
  uint32_t server_ = 0;
  bool expanded_ = true;           // the source is not known to refuse expanded events
  bool lean_ = false;              // events without updateDescription
  bool limits_wait_ = true;        // a read says how long it is to wait for the first event
  std::optional<RawBatch> first_;  // events that came with the opening
  Clock::time_point last_answer_;
  uint32_t early_answers_ = 0;     // empty ones in a row that came before their time
  uint32_t unanswered_reads_ = 0;  // in a row, however often it was opened between them
};

}  // namespace ddsync::mongo
