#include "sim/spool_link.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "bson/writer.h"
#include "sim/batch.h"
#include "sim/change_stream.h"
#include "sim/store.h"
#include "sim/violation.h"

namespace ddsync::sim {
bool SpoolLink::append(StreamId stream, uint64_t sequence, const RawBatch& batch,
                       const BatchPosition& position) {
  auto& entries = streams_[stream.value];
  require(entries.count(sequence) == 0, "an entry of the spool is written twice");
  require(entries.empty() || entries.rbegin()->first + 1 == sequence, "the spool has a hole");
  require(around_.profile.engine.spool_bytes_max > 0, "there is no spool");
  if (around_.happens(around_.profile.disk.fails)) return false;
  entries[sequence] = {bytes_of(batch.events), bytes_of(batch.post_batch_token), position.after, false};
  entries_kept_ += 1;
  largest_entry_ = std::max<uint64_t>(largest_entry_, batch.bytes);
  const Duration wait = {around_.random.between(0, around_.profile.disk.latency_max.us)};
  around_.later(wait, [this, stream, sequence, position] {
    Entry& entry = streams_[stream.value].at(sequence);
    entry.durable = true;
    around_.answer(around_.random.milliseconds(0, 2),
                   input::StreamSpooled{stream, sequence, position.after, position.invalidated,
                                        entry.events.size() + entry.token.size(), position.size});
  });
  return true;
}

void SpoolLink::read(const output::ReadSpool& order) {
  around_.later(around_.random.milliseconds(0, 3), [this, order] {
    const auto& entries = streams_[order.stream.value];
    const auto entry = entries.find(order.sequence);
    require(entry != entries.end(), "an entry of the spool is read that is not there");
    around_.give(input::SpoolBatch{order.stream, order.sequence,
                                   make_batch(entry->second.events, entry->second.token),
                                   entry->second.after});
  });
}

void SpoolLink::trim(const output::TrimSpool& order) {
  auto& entries = streams_[order.stream.value];
  entries.erase(entries.begin(), entries.lower_bound(order.before));
}

// The log of the store is one: an entry survives with all before it.
void SpoolLink::on_crash() {
  for (auto& entries : streams_) {
    while (!entries.empty() && !entries.rbegin()->second.durable && around_.random.percent(50))
      entries.erase(std::prev(entries.end()));
    for (auto& [sequence, entry] : entries) entry.durable = true;
  }
}

uint64_t SpoolLink::first_change(size_t stream, uint64_t next) const {
  const auto first = streams_[stream].lower_bound(next);
  if (first == streams_[stream].end()) return 0;
  ElementCursor event(view_of(first->second.events));
  if (!event.next()) return 0;
  const ValueView token = find_value(event.value().as_document(), "_id");
  return change_number({PositionKind::resume_after, ResumeToken(token.as_document()), 0});
}

std::vector<SpoolContent> SpoolLink::contents() const {
  std::vector<SpoolContent> contents;
  for (size_t i = 0; i < streams_.size(); ++i) {
    const auto& entries = streams_[i];
    if (entries.empty()) continue;
    SpoolContent& content = contents.emplace_back();
    content.scope = around_.profile.engine.streams[i].name();
    content.first = entries.begin()->first;
    content.end = entries.rbegin()->first + 1;
    content.after = entries.rbegin()->second.after;
    for (const auto& [sequence, entry] : entries) content.bytes += entry.events.size() + entry.token.size();
  }
  return contents;
}

}  // namespace ddsync::sim
