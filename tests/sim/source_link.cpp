#include "sim/source_link.h"

#include <algorithm>
#include <utility>

#include "sim/violation.h"

namespace ddsync::sim {
namespace {

Error network_error(ErrorContext context) {
  return make_error(context, kErrorNetwork, "", "connection closed (simulated)");
}

Duration round_trip(Surroundings& around) { return around.random.milliseconds(0, 4); }

}  // namespace

SourceLink::SourceLink(Surroundings& around, const Source& source, SpoolLink& spool)
    : around_(around), spool_(spool) {
  for (const WatchScope& scope : around.profile.engine.streams)
    cursors_.push_back({ChangeStream(around.profile, source, scope), false, false, 0, {}, {}});
}

void SourceLink::open(const output::OpenStream& order) {
  Cursor& cursor = at(order.stream);
  require(!cursor.asked, "a stream is asked twice without an answer in between");
  cursor.asked = true;
  around_.later(round_trip(around_),
                [this, id = order.stream, position = order.position] { answer_open(id, position); });
}

void SourceLink::answer_open(StreamId id, const StreamPosition& position) {
  Cursor& cursor = at(id);
  if (outages_.now(around_) || disturbed(around_.profile.source.open_fails)) {
    fail(id, network_error(ErrorContext::stream_open));
    return;
  }
  cursor.opened = position;
  StreamPosition start;
  if (auto error = cursor.stream.open(position, start)) {
    histories_lost_ += 1;
    fail(id, *std::move(error));
    return;
  }
  around_.later(round_trip(around_), [this, id, start] {
    at(id).asked = false;
    around_.give(input::StreamOpened{id, start});
  });
}

void SourceLink::read(const output::ReadStream& order) {
  Cursor& cursor = at(order.stream);
  require(!cursor.asked, "a stream is asked twice without an answer in between");
  require(order.events_max > 0, "a read of no events");
  cursor.asked = true;
  cursor.order = order;
  const uint64_t serial = ++cursor.serial;
  around_.later(round_trip(around_), [this, id = order.stream] {
    Cursor& waiting = at(id);
    waiting.waiting = true;
    if (waiting.stream.has_events() || !waiting.stream.is_open() ||
        disturbed(around_.profile.source.empty_batch))
      answer_read(id);
  });
  around_.later(around_.profile.idle_wait, [this, id = order.stream, serial] {
    if (at(id).serial == serial && at(id).waiting) answer_read(id);
  });
}

void SourceLink::on_change() {
  for (uint32_t i = 0; i < cursors_.size(); ++i) {
    if (!cursors_[i].waiting || !cursors_[i].stream.has_events()) continue;
    around_.later(round_trip(around_), [this, id = StreamId{i}, serial = cursors_[i].serial] {
      if (at(id).serial == serial && at(id).waiting) answer_read(id);
    });
  }
}

void SourceLink::answer_read(StreamId id) {
  Cursor& cursor = at(id);
  cursor.waiting = false;
  const SourceFaults& faults = around_.profile.source;
  if (outages_.now(around_) || disturbed(faults.read_fails)) {
    fail(id, network_error(ErrorContext::stream_read));
    return;
  }
  if (disturbed(faults.cursor_lost) || !cursor.stream.is_open()) {
    fail(id, make_error(ErrorContext::stream_read, 43, "CursorNotFound", "simulated"));
    return;
  }
  RawBatch batch;
  if (cursor.stream.has_events() && !disturbed(faults.empty_batch)) {
    const auto events =
        around_.random.percent(30) ? around_.random.between_u32(1, 4) : cursor.order.events_max;
    auto error =
        cursor.stream.read(std::min(events, cursor.order.events_max), disturbed(faults.damaged_event), batch);
    if (error) {
      histories_lost_ += 1;
      fail(id, *std::move(error));
      return;
    }
  } else {
    batch = cursor.stream.empty_batch();
  }
  if (cursor.order.spool_as != 0 && (batch.events.size > 5 || cursor.order.spool_idle)) {
    keep(id, std::move(batch));
    return;
  }
  answer_directly(id, std::move(batch));
}

void SourceLink::answer_directly(StreamId id, RawBatch&& batch) {
  around_.later(round_trip(around_), [this, id, held = std::make_shared<RawBatch>(std::move(batch))] {
    at(id).asked = false;
    around_.give(input::StreamBatch{id, std::move(*held)});
  });
}

void SourceLink::keep(StreamId id, RawBatch&& batch) {
  Cursor& cursor = at(id);
  const auto position = position_behind(batch.events, batch.post_batch_token, cursor.opened);
  if (!position) {
    fail(id, make_error(ErrorContext::stream_read, kErrorProtocol, "", "damaged (simulated)"));
    return;
  }
  if (!position->after.known()) {
    answer_directly(id, std::move(batch));
    return;
  }
  // Another read can only be asked for after the answer.
  cursor.asked = false;
  if (!spool_.append(id, cursor.order.spool_as, batch, *position)) {
    cursor.asked = true;
    fail(id,
         make_error(ErrorContext::stream_read, kErrorNetwork, "", "the spool's disk is full (simulated)"));
  }
}

void SourceLink::fail(StreamId id, Error error) {
  at(id).stream.close();
  around_.later(round_trip(around_), [this, id, error = std::move(error)] {
    at(id).asked = false;
    around_.give(input::StreamFailed{id, error});
  });
}

void SourceLink::close(StreamId stream) { at(stream).stream.close(); }

void SourceLink::forget_cursors() {
  for (Cursor& cursor : cursors_) {
    cursor.stream.close();
    cursor.asked = cursor.waiting = false;
    cursor.serial += 1;
  }
}

bool SourceLink::delivered_all(StreamId stream) const {
  const Cursor& cursor = cursors_[stream.value];
  return cursor.waiting && cursor.stream.is_open() && !cursor.stream.has_events();
}

}  // namespace ddsync::sim
