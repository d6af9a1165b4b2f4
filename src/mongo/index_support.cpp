#include "mongo/index_support.h"

#include "mongo/server_error.h"

namespace ddsync::mongo {
namespace {

struct Key {
  size_t fields = 0;
  bool has_text = false;
  bool has_2d = false;
  bool has_2dsphere = false;
  bool has_hashed = false;
  bool has_wildcard = false;
};

Key key_of(const OwnedDocument& index) {
  Key key;
  ElementCursor field(document_at(index.view(), "key"));
  while (field.next()) {
    ++key.fields;
    const std::string_view kind = as_text(field.value());
    key.has_text = key.has_text || kind == "text";
    key.has_2d = key.has_2d || kind == "2d";
    key.has_2dsphere = key.has_2dsphere || kind == "2dsphere";
    key.has_hashed = key.has_hashed || kind == "hashed";
    key.has_wildcard = key.has_wildcard || field.name() == "$**" || field.name().ends_with(".$**");
  }
  return key;
}

}  // namespace

bool is_text_index(const OwnedDocument& index) { return key_of(index).has_text; }

std::optional<std::string_view> missing_kind(const OwnedDocument& index) {
  const Key key = key_of(index);
  if (key.fields < 2) return std::nullopt;
  if (key.has_2d) return "DocumentDB has no 2d indexes of several fields";
  if (key.has_wildcard && !key.has_text) return "DocumentDB has no wildcard indexes of several fields";
  return std::nullopt;
}

std::vector<RefusedIndexOption> refused_options(const OwnedDocument& index) {
  const Key key = key_of(index);
  const bool is_special = key.has_text || key.has_2d || key.has_2dsphere;
  std::vector<RefusedIndexOption> refused;
  const auto refuse = [&](std::string_view option, std::string_view why) {
    if (!find_value(index.view(), option).missing()) refused.push_back({.option = option, .why = why});
  };
  refuse("collation", "DocumentDB refuses it (115)");
  refuse("hidden", "DocumentDB refuses it at the creation (115)");
  if (is_special) refuse("unique", "DocumentDB has no unique text, 2d and 2dsphere indexes");
  if (is_special || key.has_hashed)
    refuse("expireAfterSeconds", "DocumentDB has no expiry by text, 2d, 2dsphere and hashed indexes");
  return refused;
}

}  // namespace ddsync::mongo
