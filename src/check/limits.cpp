#include "check/limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <set>

#include "check/wording.h"
#include "mongo/inspector.h"
#include "mongo/reader.h"
#include "mongo/server_error.h"
#include "observe/numbers.h"

namespace ddsync::check {
namespace {

constexpr const char* kLimits = "limits";
constexpr size_t kSampledCollections_max = 100;
// A change event carries the document and what was updated of it, and is itself bound to 16 MiB.
constexpr uint64_t kLargeDocument_bytes = 14u << 20;
// Azure DocumentDB, from its documentation. Its open engine refuses what does not compress below about
// 2.7 KB.
constexpr uint64_t kKey_bytes_max = 2'048;
constexpr size_t kAzureCollections_max = 1'000;

bool is_unique(const OwnedDocument& index) {
  const ValueView unique = find_value(index.view(), "unique");
  return unique.type == BsonType::boolean && unique.as_bool();
}

void take(Largest& largest, uint64_t bytes, const Namespace& ns) {
  if (bytes > largest.bytes) largest = {.bytes = bytes, .of = ns.name()};
}

// The sizes in one collection after the other.
class Sampling {
 public:
  explicit Sampling(Context& context)
      : reader_(context.source.endpoint->reader()),
        inspector_(context.source.endpoint->inspector()),
        keys_matter_(context.target.info->is_documentdb) {}

  SizesSeen look(std::vector<Counted> collections) {
    seen_.collections_all = collections.size();
    std::ranges::stable_sort(collections, std::ranges::greater(), &Counted::documents);
    collections.resize(std::min(collections.size(), kSampledCollections_max));
    for (const Counted& one : collections) {
      if (patience_.is_over()) break;
      if (const auto looked = look_at(one); !looked) fail(one.ns, looked.error());
    }
    return std::move(seen_);
  }

 private:
  mongo::Result<void> look_at(const Counted& collection) {
    std::vector<OwnedDocument> unique;
    if (keys_matter_) {
      auto indexes = reader_->indexes(collection.ns);
      if (!indexes) return tl::unexpected(std::move(indexes).error());
      std::erase_if(*indexes, [](const OwnedDocument& index) { return !is_unique(index); });
      unique = *std::move(indexes);
    }
    const auto sample = inspector_->sizes(collection.ns, collection.documents, unique);
    if (!sample) return tl::unexpected(sample.error());
    seen_.collections += 1;
    seen_.documents += sample->documents;
    take(seen_.document, sample->document_bytes_max, collection.ns);
    take(seen_.id, sample->id_bytes_max, collection.ns);
    for (size_t i = 0; i < sample->key_bytes_max.size(); ++i)
      note_key(collection.ns, unique[i], sample->key_bytes_max[i]);
    return {};
  }

  void note_key(const Namespace& ns, const OwnedDocument& index, uint64_t bytes) {
    if (!is_long_key(bytes)) return;
    const std::string_view name = mongo::as_text(find_value(index.view(), "name"));
    seen_.long_keys.push_back(fmt::format("{}, index {}: {}", ns.name(), name, size_text(bytes)));
  }

  void fail(const Namespace& ns, const Error& error) {
    if (seen_.failure.empty()) seen_.failure = fmt::format("{}: {}", ns.name(), describe(error));
    if (error.code == kErrorNetwork) patience_.end();
  }

  std::unique_ptr<mongo::Reader> reader_;
  std::unique_ptr<mongo::Inspector> inspector_;
  bool keys_matter_;
  runtime::Patience patience_{kPatience};
  SizesSeen seen_;
};

std::string looked_at(const SizesSeen& seen) {
  std::string text = fmt::format("{} of {} sampled", counted(seen.documents, "document"),
                                 counted(seen.collections, "collection"));
  if (seen.collections < seen.collections_all)
    text += fmt::format(" (of {} in scope)", observe::grouped(seen.collections_all));
  if (seen.document.bytes > 0)
    text += fmt::format("; the largest: {} in {}", size_text(seen.document.bytes), seen.document.of);
  if (seen.id.bytes > 0)
    text += fmt::format("; the longest _id: {} in {}", size_text(seen.id.bytes), seen.id.of);
  return text;
}

void judge_documents_of(const SizesSeen& seen, uint64_t source_max, uint64_t target_max, Findings& findings) {
  if (seen.document.bytes > target_max) {
    findings.push_back(
        problem(kLimits,
                fmt::format("a document of {} has {}, the target takes {}", seen.document.of,
                            size_text(seen.document.bytes), size_text(target_max)),
                "make it smaller at the source, or set on_error: quarantine to go on without it"));
  } else if (target_max < source_max) {
    findings.push_back(warning(kLimits,
                               fmt::format("the source takes documents of {}, the target of {}",
                                           size_text(source_max), size_text(target_max)),
                               "keep them smaller at the source: a larger one is a refused document"));
  } else if (seen.document.bytes >= kLargeDocument_bytes) {
    findings.push_back(
        warning(kLimits,
                fmt::format("a document of {} has {}: with what is updated of it, its change event "
                            "may outgrow 16 MiB",
                            seen.document.of, size_text(seen.document.bytes)),
                "split it, or replace it as a whole instead of updating it"));
  }
}

void judge_keys(const SizesSeen& seen, Findings& findings) {
  std::vector<std::string> long_keys = seen.long_keys;
  if (is_long_key(seen.id.bytes))
    long_keys.insert(long_keys.begin(), fmt::format("{}, _id: {}", seen.id.of, size_text(seen.id.bytes)));
  if (long_keys.empty()) return;
  findings.push_back(warning(
      kLimits, fmt::format("keys of more than 2 KiB: {}", some_of(long_keys, "; ")),
      "DocumentDB refuses those that do not compress (201): shorten them, leave the index out, or set "
      "on_error: quarantine"));
}

// What the target will hold: its own and those in scope.
std::optional<size_t> collections_after(Context& context) {
  std::set<Namespace> all;
  for (const Counted& one : context.collections) all.insert(one.ns);
  const auto reader = context.target.endpoint->reader();
  const runtime::Patience patience(kPatience);
  const auto databases = reader->database_names();
  if (!databases) return std::nullopt;
  for (const std::string& database : *databases) {
    const auto names = reader->collection_names(database);
    if (!names || patience.is_over()) return std::nullopt;
    for (const std::string& name : *names) all.insert({database, name});
  }
  return all.size();
}

}  // namespace

bool is_long_key(uint64_t bytes) { return bytes > kKey_bytes_max; }

Findings judge_sizes(const SizesSeen& seen, const mongo::ServerInfo& source,
                     const mongo::ServerInfo& target) {
  Findings findings;
  judge_documents_of(seen, source.limits.document_bytes_max, target.limits.document_bytes_max, findings);
  if (target.is_documentdb) judge_keys(seen, findings);
  if (!seen.failure.empty()) {
    findings.push_back(warning(kLimits, fmt::format("not sampled: {}", seen.failure),
                               "nothing is known of the sizes there; a document that the target refuses ends "
                               "the service with exit code 4 (on_error)"));
  }
  if (findings.empty()) return {ok(kLimits, looked_at(seen))};
  findings.front().found += fmt::format(" ({})", looked_at(seen));
  return findings;
}

Findings judge_collection_count(size_t collections) {
  if (collections <= kAzureCollections_max) return {};
  return {warning(kLimits,
                  fmt::format("the target will hold {}, Azure DocumentDB takes about 1 000 a cluster",
                              counted(collections, "collection")),
                  "watch fewer, or divide them over several clusters")};
}

Findings check_limits(Context& context) {
  const SizesSeen seen = Sampling(context).look(context.collections);
  Findings findings = judge_sizes(seen, *context.source.info, *context.target.info);
  if (!context.target.info->is_azure_documentdb) return findings;
  if (const auto collections = collections_after(context)) {
    Findings more = judge_collection_count(*collections);
    std::move(more.begin(), more.end(), std::back_inserter(findings));
  }
  return findings;
}

}  // namespace ddsync::check
