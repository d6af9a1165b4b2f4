#include "mongo/schema_support.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "bson/writer.h"
#include "mongo/index_support.h"
#include "mongo/server_error.h"

namespace ddsync::mongo {
namespace {

// Of a collection at Azure DocumentDB, the one of _id included.
constexpr size_t kIndexes_max = 64;

struct Rule {
  std::string_view option;
  std::string_view why;
  bool refused;
};

constexpr auto kCollectionRules = std::to_array<Rule>({
    {"capped", "DocumentDB has no capped collections (115)", true},
    {"timeseries", "DocumentDB has no time series (115)", true},
    {"clusteredIndex", "DocumentDB has no clustered collections", true},
    {"validator",
     "not carried over to DocumentDB, which knows it from 0.114 on (115 before): add it there by hand", true},
    {"changeStreamPreAndPostImages", "DocumentDB keeps no pre-images (115)", true},
    {"collation", "DocumentDB drops it silently: strings are compared byte by byte", false},
    {"expireAfterSeconds", "DocumentDB drops it silently: documents do not expire", false},
});

// Of no meaning, and refused, without the option they belong to.
constexpr auto kDependents = std::to_array<Rule>({
    {"size", "capped", true},
    {"max", "capped", true},
    {"validationLevel", "validator", true},
    {"validationAction", "validator", true},
});

template <typename Rules>
const typename Rules::value_type* find_rule(const Rules& rules, std::string_view option) {
  for (const auto& rule : rules)
    if (rule.option == option) return &rule;
  return nullptr;
}

std::string name_of(const OwnedDocument& index) {
  return fmt::format("index {}", as_text(find_value(index.view(), "name")));
}

// Why a target of 64 indexes and one text index a collection has no room for the index, one after the other.
class IndexRoom {
 public:
  std::optional<std::string> refusal(const OwnedDocument& index) {
    if (const auto why = missing_kind(index)) return std::string(*why);
    if (is_text_index(index)) {
      if (has_text_index_) return "DocumentDB takes one text index a collection (17194)";
      has_text_index_ = true;
    }
    if (count_ == kIndexes_max) return fmt::format("DocumentDB takes {} indexes a collection", kIndexes_max);
    ++count_;
    return std::nullopt;
  }

 private:
  bool has_text_index_ = false;
  size_t count_ = 1;  // _id's
};

OwnedDocument without(const OwnedDocument& document, const auto& rules) {
  BsonWriter out;
  ElementCursor cursor(document.view());
  while (cursor.next())
    if (find_rule(rules, cursor.name()) == nullptr) out.value(cursor.name(), cursor.value());
  const std::string bytes = out.finish();
  return OwnedDocument(view_of(bytes));
}

}  // namespace

std::vector<UnsupportedOption> unsupported_options(const PlannedCollection& collection,
                                                   const std::vector<OwnedDocument>& indexes,
                                                   const ServerInfo& target) {
  std::vector<UnsupportedOption> found;
  if (!target.is_documentdb) return found;
  const auto add = [&](std::string what, std::string_view why, bool refused) {
    found.push_back(
        {.ns = collection.ns, .what = std::move(what), .why = std::string(why), .refused = refused});
  };
  const OwnedDocument options = normalised_options(collection.options);
  ElementCursor cursor(options.view());
  while (cursor.next())
    if (const Rule* rule = find_rule(kCollectionRules, cursor.name()))
      add(std::string(rule->option), rule->why, rule->refused);
  IndexRoom room;
  for (const OwnedDocument& listed : indexes) {
    const OwnedDocument index = normalised_index(listed);
    if (const auto why = room.refusal(index)) {
      add(name_of(index), *why, true);
      continue;
    }
    for (const RefusedIndexOption& refused : refused_options(index))
      add(fmt::format("{}: {}", name_of(index), refused.option), refused.why, true);
  }
  return found;
}

std::vector<std::string> kept_in_part(const PlannedCollection& collection, const ServerInfo& target) {
  std::vector<std::string> found;
  if (target.is_documentdb) return found;
  const OwnedDocument options = normalised_options(collection.options);
  if (!find_value(options.view(), "capped").missing())
    found.push_back(
        fmt::format("{}: capped: its documents do not come in the order of their insertion, so the "
                    "target may drop others than the source",
                    collection.ns.name()));
  if (!find_value(options.view(), "collation").missing())
    found.push_back(
        fmt::format("{}: collation: texts as _id that it takes for equal count as different keys: "
                    "when one is removed and the other inserted at once, their order may change",
                    collection.ns.name()));
  return found;
}

std::string describe(const UnsupportedOption& option) {
  return fmt::format("{}: {}: {}", option.ns.name(), option.what, option.why);
}

const OwnedDocument* index_of_same_name(const std::vector<OwnedDocument>& listed,
                                        const OwnedDocument& index) {
  const ValueView name = find_value(index.view(), "name");
  const auto found = std::find_if(listed.begin(), listed.end(), [&](const OwnedDocument& other) {
    return find_value(other.view(), "name") == name;
  });
  return found == listed.end() ? nullptr : &*found;
}

OwnedDocument supported_options(const OwnedDocument& options, const ServerInfo& target) {
  OwnedDocument normalised = normalised_options(options);
  if (!target.is_documentdb) return normalised;
  return without(without(normalised, kCollectionRules), kDependents);
}

std::vector<OwnedDocument> supported_indexes(const std::vector<OwnedDocument>& indexes,
                                             const ServerInfo& target) {
  std::vector<OwnedDocument> supported;
  IndexRoom room;
  for (const OwnedDocument& listed : indexes) {
    if (!target.is_documentdb) {
      supported.push_back(index_to_create(listed));
      continue;
    }
    const OwnedDocument index = normalised_index(listed);  // it knows one version of each kind
    if (!room.refusal(index)) supported.push_back(without(index, refused_options(index)));
  }
  return supported;
}

}  // namespace ddsync::mongo
