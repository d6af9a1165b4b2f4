#include "check/documents.h"

#include <fmt/format.h>

#include "check/wording.h"
#include "mongo/reader.h"
#include "observe/numbers.h"

namespace ddsync::check {
namespace {

constexpr const char* kDocuments = "documents";

std::string totals(const DocumentCounts& counts) {
  std::string text =
      fmt::format("{}: {} on the source, {} on the target", counted(counts.collections, "collection"),
                  counted(counts.source, "document"), observe::grouped(counts.target));
  if (!counts.not_empty.empty()) text += fmt::format(", in {}", some_of(counts.not_empty));
  return text;
}

}  // namespace

Finding judge_documents(const DocumentCounts& counts, const config::InitialSync& initial_sync) {
  const std::string found = totals(counts);
  const bool copies = initial_sync.mode == config::InitialSyncMode::always ||
                      (initial_sync.mode == config::InitialSyncMode::automatic && !counts.has_state);
  if (!copies) {
    if (counts.has_state || counts.source == 0 || initial_sync.mode != config::InitialSyncMode::off)
      return ok(kDocuments, found);
    return warning(
        kDocuments, found,
        "existing documents are not copied: set initial_sync.mode: auto, or fill the target before the "
        "first start");
  }
  if (counts.not_empty.empty()) return ok(kDocuments, found);
  switch (initial_sync.target_not_empty) {
    case config::TargetNotEmpty::merge:
      return ok(kDocuments, found);
    case config::TargetNotEmpty::drop:
      return warning(kDocuments, found,
                     "target_not_empty is drop: what the target holds there will be deleted");
    case config::TargetNotEmpty::refuse:
      break;
  }
  return problem(
      kDocuments, found,
      "empty these collections of the target, or set initial_sync.target_not_empty to merge or drop");
}

Findings check_documents(Context& context) {
  const auto reader = context.target.endpoint->reader();
  const runtime::Patience patience(kPatience);
  DocumentCounts counts{.collections = context.collections.size(),
                        .source = context.source_documents,
                        .target = 0,
                        .not_empty = {},
                        .has_state = context.checkpoint.has_value()};
  for (const Namespace& ns : context.collections) {
    if (patience.is_over())
      return {
          warning(kDocuments, totals(counts), "not everything was counted at the target: it takes too long")};
    const auto documents = reader->estimated_count(ns);
    if (!documents) {
      return {problem(
          kDocuments,
          fmt::format("{} cannot be counted at the target: {}", ns.name(), describe(documents.error())),
          "grant the role readWrite on the databases in scope")};
    }
    counts.target += *documents;
    if (*documents > 0) counts.not_empty.push_back(ns.name());
  }
  return {judge_documents(counts, context.config.initial_sync)};
}

}  // namespace ddsync::check
