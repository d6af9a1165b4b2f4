// What a start has to copy: what an earlier process left, and what is watched for the first time.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/copies.h"
#include "engine/planted_bug.h"

namespace ddsync {
namespace {

constexpr size_t kPatternsToldMax = 5;

// The ranges that were being read stand first.
uint64_t begun(const CollectionLeft& left) {
  return static_cast<uint64_t>(
      std::count_if(left.ranges.begin(), left.ranges.end(),
                    [](const RangeLeft& range) { return !range.after.view().missing(); }));
}

std::string list_of(const std::vector<NamespacePattern>& patterns) {
  std::string list;
  for (size_t i = 0; i < std::min(patterns.size(), kPatternsToldMax); ++i)
    list += (i == 0 ? "" : ", ") + patterns[i].text();
  if (patterns.size() > kPatternsToldMax)
    list += fmt::format(" and {} more", patterns.size() - kPatternsToldMax);
  return list;
}

}  // namespace

void Copies::resume() {
  for (Stream& stream : streams_.all()) {
    const bool is_wide = stream.scope.level != ScopeLevel::collection;
    watched_.push_back(
        is_wide ? std::make_shared<const NamespaceFilter>(shared_.options.filter.within(stream.scope))
                : nullptr);
    covered_.push_back(shared_.options.resume_from.covered(stream.scope.name()));
    begin(stream);
    stream.copying = stream.copy == StreamCopy::planning || stream.copy == StreamCopy::copying;
    if (planted(PlantedBug::events_during_copy)) stream.copying = false;
    stream.copied_at = shared_.now;
  }
}

void Copies::begin(Stream& stream) {
  const CopyMode mode = shared_.options.copy.mode;
  const bool was_live = stream.copy == StreamCopy::none;
  const bool wanted = mode == CopyMode::always || (mode == CopyMode::automatic && !stream.start_durable);
  if (stream.gap_reason.empty()) {
    if (was_live && wanted) {
      stream.copy = StreamCopy::planning;
      covered_[stream.index] = nullptr;
    } else if (!was_live && !stream.start_durable) {
      begin_anew(stream);
    } else if (plan_added(stream)) {
      take_over(stream, was_live);
      return;
    }
  }
  if (stream.copy == StreamCopy::planning) {
    add_plan(stream.index);
  } else {
    if (stream.gap_reason.empty()) covered_[stream.index] = watched_[stream.index];
    take_over(stream, was_live);
  }
}

// The next event will be one of after this start: what changed before it, and is copied already, no event
// tells.
void Copies::begin_anew(Stream& stream) {
  covered_[stream.index] = nullptr;
  if (std::exchange(stream.copy, StreamCopy::planning) == StreamCopy::planning) return;
  shared_.notice(
      output::Level::warning,
      fmt::format("{}: the copy begins anew: the source had given no position yet, so what has changed since "
                  "is not known",
                  stream.scope.name()));
}

// Of a stream that goes on from its position: the collections that it is told to watch now and was not
// before.
bool Copies::plan_added(Stream& stream) {
  const auto& covered = covered_[stream.index];
  if (!covered || !watched_[stream.index] || !stream.start_durable) return false;
  const std::vector<NamespacePattern> added = watched_[stream.index]->added_to(*covered);
  if (stream.copy != StreamCopy::planning) {  // else a start before this one has told of them
    if (added.empty()) return false;
    const bool copied = shared_.options.copy.mode != CopyMode::off;
    shared_.notice(copied ? output::Level::info : output::Level::warning,
                   fmt::format("{}: watched from now on, too: {}; {}", stream.scope.name(), list_of(added),
                               copied ? "what they hold is copied first"
                                      : "what they hold already is not copied (initial_sync.mode: auto "
                                        "does that), only changes are applied"));
    if (!copied) return false;
  }
  add_plan(stream.index).covered = covered;
  const bool under_way = stream.copy == StreamCopy::copying || stream.copy == StreamCopy::catching_up;
  stream.copy = under_way ? StreamCopy::copying : StreamCopy::planning;
  return true;
}

void Copies::take_over(const Stream& stream, bool was_live) {
  const Checkpoint& from = shared_.options.resume_from;
  const std::string scope = stream.scope.name();
  for (const CollectionLeft& left : from.copies) {
    if (left.stream != scope) continue;
    CollectionCopy& collection = add(stream.index, left.ns);
    collection.step = left.step;
    collection.indexes_only = was_live && left.step == Step::late_indexes;
    collection.documents = left.documents;
    collection.documents_done = left.documents_done;
    collection.waiting.assign(left.ranges.begin(), left.ranges.end());
    if (!from.clean_end) collection.interrupted = begun(left) + shared_.options.copy.readers;
  }
}

}  // namespace ddsync
