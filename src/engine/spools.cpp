#include "engine/spools.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ddsync {
namespace {

// The position behind the spool would grow too old while the source has nothing for us.
constexpr Duration kIdleEntryInterval = Duration::seconds(60);

constexpr uint64_t kEntryBytesMax = 16u << 20;  // a reply of the source

constexpr Duration kToldInterval = Duration::seconds(60);

const SpoolContent* find_content(const std::vector<SpoolContent>& all, const std::string& scope) {
  const auto at = std::find_if(all.begin(), all.end(),
                               [&](const SpoolContent& content) { return content.scope == scope; });
  return at == all.end() ? nullptr : &*at;
}

}  // namespace

bool Spools::resume(Stream& stream, const StreamCheckpoint& durable) {
  SpoolQueue& spool = stream.spool;
  spool.next_write = spool.next_read = spool.trimmed = spool.durable = durable.spool_next;
  const SpoolContent* content = find_content(shared_.options.spool, durable.scope);
  if (content == nullptr || content->first >= content->end) return durable.spool_next >= durable.spool_end;
  // What the state does not name need not follow on its position: it may be older than the spool (restored
  // from a backup), or another one's. Of the entries of a spool that had just begun nothing was taken out.
  const bool is_named = durable.spool_next < durable.spool_end;
  const bool has_all =
      content->after.known() && content->first <= durable.spool_next && content->end >= durable.spool_end;
  // The state keeps its claim: the next start has to refuse it as well.
  if (is_named && !has_all) return false;
  spool.next_write = std::max(content->end, durable.spool_next);
  // Otherwise all of it is applied, or it belongs to other positions: the source is read from the durable
  // one.
  if (!is_named) spool.next_read = spool.durable = spool.next_write;
  stream.spool_not_named = content->end > durable.spool_next && !is_named;
  if (is_named) stream.read_position = spool.after = content->after;
  // Sizes of single entries are not known any more: they count until the last of them is applied.
  spool.trimmed = content->first;
  spool.entry_bytes.assign(spool.next_write - content->first, 0);
  spool.entry_bytes.back() = content->bytes;
  spool.bytes = content->bytes;
  bytes_ += content->bytes;
  return true;
}

bool Spools::goes_to_spool(const Stream& stream) const {
  // What was read before without a position could not be read again.
  const bool may_begin = stream.durable.position.known() || !stream.read_position.known();
  if (!enabled() || (!stream.spool.in_use() && !may_begin)) return false;
  if (!stream.spool.drained() || stream.copying) return true;
  if (!has_room()) return false;
  if (stream.forgotten.known() && stream.forgotten == stream.spool_start()) return false;
  // Unless its disk fails and it is not needed any more.
  if (stream.rewound && (stream.blocked() || stream.failures == 0)) return true;
  // What is not durable is read again from the source when the spool begins. It must not come after the
  // schema change that it came before: then only the change itself may be left.
  const uint64_t own = stream.barrier ? 1 : 0;
  const bool left = stream.ledger.waiting() > own || stream.ledger.passed() > stream.durable.passed;
  const bool follows =
      stream.spool.in_use() && stream.read_position == stream.spool.after && !stream.read_in_part();
  const bool in_order = stream.at_barrier() || stream.frozen > 0;
  if (in_order && !follows && (left || stream.spool.in_use())) return false;
  return stream.blocked() && shared_.now - stream.waits_since >= shared_.options.spool_patience;
}

void Spools::direct(Stream& stream, output::ReadStream& read) const {
  read.spool_as = stream.spool.next_write;
  const Instant last = stream.spool.last_append;
  const bool long_ago = last == Instant{} || shared_.now - last >= kIdleEntryInterval;
  read.spool_idle = !stream.spool.drained() && long_ago;
}

void Spools::on_spooled(Stream& stream, const input::StreamSpooled& spooled) {
  if (spooled.sequence != stream.spool.next_write) return;
  const bool tell =
      stream.spool.drained() && stream.copy == StreamCopy::none &&
      (stream.spool.told_at == Instant{} || shared_.now - stream.spool.told_at >= kToldInterval);
  if (tell) {
    stream.spool.told_at = shared_.now;
    shared_.notice(
        output::Level::info,
        fmt::format("{}: the target cannot take the changes now, they are kept in the spool on disk",
                    stream.scope.name()));
  }
  stream.spool.append(spooled.bytes, shared_.now);
  stream.spool.after = spooled.after;
  stream.rewound = false;
  stream.memory_end = {};
  bytes_ += spooled.bytes;
}

bool Spools::read_next(Stream& stream, uint64_t held_bytes) {
  SpoolQueue& spool = stream.spool;
  if (spool.asked || spool.next_read == spool.next_write || stream.blocked()) return true;
  if (shared_.now < spool.read_again_at) return true;
  const uint64_t bytes = std::min(spool.next_bytes(), kEntryBytesMax);
  if (asked_bytes_ > 0 && held_bytes + asked_bytes_ + bytes > shared_.options.memory_bytes_max) return false;
  spool.asked = true;
  spool.asked_bytes = bytes;
  asked_bytes_ += bytes;
  shared_.emit(output::ReadSpool{{stream.index}, spool.next_read});
  return true;
}

void Spools::read_is_answered(SpoolQueue& spool) {
  spool.asked = false;
  asked_bytes_ -= std::exchange(spool.asked_bytes, 0);
}

bool Spools::on_batch(Stream& stream, const input::SpoolBatch& batch) {
  SpoolQueue& spool = stream.spool;
  if (!spool.asked || batch.sequence != spool.next_read) return false;
  read_is_answered(spool);
  spool.failures = 0;
  spool.next_read += 1;
  return true;
}

void Spools::on_read_failed(Stream& stream, const Error& error) {
  SpoolQueue& spool = stream.spool;
  read_is_answered(spool);
  spool.failures += 1;
  spool.read_again_at = shared_.now + shared_.backoff(spool.failures);
  shared_.counters.errors += 1;
  if (!Shared::is_said(spool.failures)) return;
  shared_.notice(
      output::Level::warning,
      fmt::format("the spool of {} cannot be read (try {}): {}; it is tried again until it succeeds",
                  stream.scope.name(), spool.failures, describe(error)));
}

void Spools::trim(Stream& stream, uint64_t before) {
  const bool any = stream.spool.trimmed < before;
  bytes_ -= stream.spool.trim(before);
  if (any) shared_.emit(output::TrimSpool{{stream.index}, before});
}

Instant Spools::next_wake(const Stream& stream) const {
  if (stream.spool.read_again_at > shared_.now) return stream.spool.read_again_at;
  if (!enabled() || !stream.opened || stream.asked || stream.waits_since == Instant{}) return {};
  const Instant due = stream.waits_since + shared_.options.spool_patience;
  return due > shared_.now ? due : Instant{};
}

}  // namespace ddsync
