#include "check/documents.h"

#include <fmt/format.h>

#include <algorithm>

#include "check/copy_extent.h"
#include "check/wording.h"
#include "mongo/reader.h"
#include "observe/numbers.h"

namespace ddsync::check {
namespace {

constexpr const char* kDocuments = "documents";

std::string totals(const DocumentCounts& counts) {
  return fmt::format("{}: {} on the source, {} on the target", counted(counts.collections, "collection"),
                     counted(counts.source, "document"), observe::grouped(counts.target));
}

// What becomes of them at a start.
std::string copy_text(const DocumentCounts& counts, CopyMode mode) {
  if (counts.copied_collections > 0) {
    return fmt::format("{} of {} are to be copied", counted(counts.copied, "document"),
                       counted(counts.copied_collections, "collection"));
  }
  if (counts.copy_goes_on) return "the copy that was interrupted goes on";
  if (mode == CopyMode::off) return "none is copied (initial_sync.mode: off)";
  return counts.has_state ? "nothing is to be copied: all streams have a saved position"
                          : "nothing is to be copied";
}

Finding judge_not_empty(const DocumentCounts& counts, bool are_dropped, std::string found) {
  if (are_dropped) {
    return warning(kDocuments, std::move(found),
                   fmt::format("target_not_empty is drop: {} of the target will be deleted, in {}",
                               counted(counts.in_the_way, "document"), some_of(counts.not_empty)));
  }
  return problem(kDocuments,
                 fmt::format("{}, but the target holds {} in {}", found,
                             counted(counts.in_the_way, "document"), some_of(counts.not_empty)),
                 "the copy would be refused: empty these collections of the target, or set "
                 "initial_sync.target_not_empty to merge or drop");
}

// Nothing but changes at the source reaches them: what is missing for another reason stays so.
Finding judge_fewer(const DocumentCounts& counts, std::string_view found) {
  return warning(
      kDocuments, fmt::format("{}, and the target holds fewer in {}", found, some_of(counts.fewer)),
      "nothing is amiss while the service is behind, as after a stop: let it catch up and check again. What "
      "is missing even then no run brings by itself: compare these collections; --reset --initial-sync with "
      "initial_sync.target_not_empty: merge or drop copies everything anew");
}

void take(DocumentCounts& counts, const Counted& source, uint64_t target, const CopyExtent& extent) {
  counts.target += target;
  if (!counts.has_state || extent.leaves_out(source.ns))
    counts.lacking += source.documents - std::min(source.documents, target);
  if (counts.has_state && extent.only_follows(source.ns) && target < source.documents) {
    counts.fewer.push_back(fmt::format("{} ({} of {})", source.ns.name(), observe::grouped(target),
                                       observe::grouped(source.documents)));
  }
  if (!extent.copies(source.ns)) return;
  counts.copied_collections += 1;
  counts.copied += source.documents;
  if (target == 0) return;
  counts.in_the_way += target;
  counts.not_empty.push_back(source.ns.name());
}

}  // namespace

Finding judge_documents(const DocumentCounts& counts, const config::InitialSync& initial_sync) {
  if (counts.state_unknown)
    return warning(kDocuments, totals(counts) + "; whether a start would copy any is not known",
                   "it cannot be judged until the state can be read (the row state): leave the target as it "
                   "is until then");
  std::string found = fmt::format("{}; {}", totals(counts), copy_text(counts, initial_sync.mode));
  const config::TargetNotEmpty rule = initial_sync.target_not_empty;
  if (counts.in_the_way > 0 && rule != config::TargetNotEmpty::merge)
    return judge_not_empty(counts, rule == config::TargetNotEmpty::drop, std::move(found));
  if (initial_sync.mode == CopyMode::off && counts.lacking > 0) {
    return warning(kDocuments,
                   fmt::format("{}, and the target lacks {}", found, counted(counts.lacking, "document")),
                   "start with --initial-sync or initial_sync.mode: auto to copy them, or fill the target "
                   "yourself");
  }
  return counts.fewer.empty() ? ok(kDocuments, std::move(found)) : judge_fewer(counts, found);
}

Findings check_documents(Context& context) {
  const auto extent = copy_extent(context.config, context.checkpoint);
  if (!extent) return {};  // told of by `change streams`
  const auto reader = context.target.endpoint->reader();
  const runtime::Patience patience(kPatience);
  DocumentCounts counts;
  counts.collections = context.collections.size();
  counts.copy_goes_on = !extent->going_on.empty();
  counts.has_state = context.checkpoint.has_value();
  counts.state_unknown = context.state_unknown;
  for (const Counted& one : context.collections) counts.source += one.documents;
  for (const Counted& one : context.collections) {
    if (patience.is_over())
      return {
          warning(kDocuments, totals(counts), "not everything was counted at the target: it takes too long")};
    const auto documents = reader->estimated_count(one.ns);
    if (!documents) {
      return {problem(
          kDocuments,
          fmt::format("{} cannot be counted at the target: {}", one.ns.name(), describe(documents.error())),
          "grant the role readWrite on the databases in scope")};
    }
    take(counts, one, *documents, *extent);
  }
  return {judge_documents(counts, context.config.initial_sync)};
}

}  // namespace ddsync::check
