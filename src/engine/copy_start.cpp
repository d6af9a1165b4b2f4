// What a start has to copy: what an earlier process left, and what is watched for the first time.
#include "engine/copy_start.h"

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

CopyAtStart copy_at_start(CopyMode mode, StreamCopy copy, bool has_start, bool is_covering) {
  const bool is_live = copy == StreamCopy::none;
  const bool is_planned = copy == StreamCopy::planning;
  if (mode == CopyMode::always && (is_live || is_planned)) return CopyAtStart::all;
  if (!has_start && (!is_live || mode == CopyMode::automatic)) return CopyAtStart::all;
  if (is_covering) return CopyAtStart::added;
  return is_planned ? CopyAtStart::all : CopyAtStart::nothing;
}

void Copies::resume() {
  for (Stream& stream : streams_.all()) {
    if (stream.scope.level != ScopeLevel::collection)
      watched_[stream.index] =
          std::make_shared<const NamespaceFilter>(shared_.options.filter.within(stream.scope));
    covered_[stream.index] = shared_.options.resume_from.covered(stream.scope.name());
    const bool was_live = stream.copy == StreamCopy::none;
    if (stream.gap_reason.empty()) begin(stream);
    if (stream.copy == StreamCopy::planning && !covered_[stream.index]) {
      add_plan(stream.index);
    } else {
      take_over(stream, was_live);
    }
    stream.copying = stream.copy == StreamCopy::planning || stream.copy == StreamCopy::copying;
    if (planted(PlantedBug::events_during_copy)) stream.copying = false;
    stream.copied_at = shared_.now;
  }
}

// What the stream covers is left unset where all of it is to be planned.
void Copies::begin(Stream& stream) {
  auto& covered = covered_[stream.index];
  const CopyMode mode = shared_.options.copy.mode;
  switch (copy_at_start(mode, stream.copy, stream.start_durable, covered != nullptr)) {
    case CopyAtStart::all:
      covered = nullptr;
      begin_all(stream);
      break;
    case CopyAtStart::added:
      plan_added(stream);
      break;
    case CopyAtStart::nothing:
      covered = watched_[stream.index];
  }
}

// Of one that was under way the next event will be one of after this start: what changed before it, and is
// copied already, no event tells.
void Copies::begin_all(Stream& stream) {
  if (!is_under_way(std::exchange(stream.copy, StreamCopy::planning))) return;
  shared_.notice(
      output::Level::warning,
      fmt::format("{}: the copy begins anew: the source had given no position yet, so what has changed since "
                  "is not known",
                  stream.scope.name()));
}

// Of a stream that goes on from its position: the collections that it is told to watch now and does not
// cover. What has left the list is not covered any more: its changes are not applied.
void Copies::plan_added(Stream& stream) {
  auto& covered = covered_[stream.index];
  covered = std::make_shared<const NamespaceFilter>(covered->common_with(*watched_[stream.index]));
  const std::vector<NamespacePattern> added = watched_[stream.index]->added_to(*covered);
  const bool copied = shared_.options.copy.mode != CopyMode::off;
  if ((added.empty() || !copied) && stream.copy == StreamCopy::planning) stream.copy = StreamCopy::none;
  if (added.empty()) return;
  shared_.notice(copied ? output::Level::info : output::Level::warning,
                 fmt::format("{}: watched, and not copied yet: {}; {}", stream.scope.name(), list_of(added),
                             copied ? "what they hold is copied first, the changes of the stream wait"
                                    : "what they hold already is not copied (initial_sync.mode: auto does "
                                      "that), only changes are applied"));
  if (!copied) return;
  add_plan(stream.index).covered = covered;
  stream.copy = is_under_way(stream.copy) ? StreamCopy::copying : StreamCopy::planning;
}

void Copies::take_over(const Stream& stream, bool was_live) {
  const Checkpoint& from = shared_.options.resume_from;
  const std::string scope = stream.scope.name();
  for (const CollectionLeft& left : from.copies) {
    if (left.stream != scope) continue;
    if (!shared_.options.filter.contains(left.ns.database, left.ns.collection)) {
      shared_.notice(output::Level::info,
                     fmt::format("{} is not watched any more: its copy is given up", left.ns.name()));
      continue;
    }
    CollectionCopy& collection = add(stream.index, left.ns);
    collection.step = left.step;
    collection.indexes_only = was_live && left.step == Step::late_indexes;
    collection.documents = left.documents;
    collection.documents_done = left.documents_done;
    collection.uuid = left.uuid;
    collection.waiting.assign(left.ranges.begin(), left.ranges.end());
    if (!from.clean_end) collection.interrupted = begun(left) + shared_.options.copy.readers;
  }
}

}  // namespace ddsync
