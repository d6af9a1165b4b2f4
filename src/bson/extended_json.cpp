#include "bson/extended_json.h"

#include <bson/bson.h>

#include <memory>

#include "bson/writer.h"

namespace ddsync {
namespace {

// bson_t has an alignment attribute, which unique_ptr's template argument would drop with a warning.
class ParsedBson {
 public:
  explicit ParsedBson(bson_t* bson) : bson_(bson) {}
  ~ParsedBson() { bson_destroy(bson_); }
  ParsedBson(const ParsedBson&) = delete;
  ParsedBson& operator=(const ParsedBson&) = delete;
  const bson_t* get() const { return bson_; }

 private:
  bson_t* bson_;
};

}  // namespace

std::string to_extended_json(DocumentView document) {
  bson_t bson;
  if (document.empty() || !bson_init_static(&bson, document.data, document.size)) return {};
  size_t length = 0;
  const std::unique_ptr<char, decltype(&bson_free)> text(bson_as_canonical_extended_json(&bson, &length),
                                                         &bson_free);
  return text ? std::string(text.get(), length) : std::string();
}

std::string to_extended_json(ValueView value) {
  const std::string text = to_extended_json(wrap_value("v", value).view());
  const auto colon = text.find(':');
  if (colon == std::string::npos) return {};
  const auto first = text.find_first_not_of(' ', colon + 1);
  const auto last = text.find_last_not_of(' ', text.size() - 2);
  return text.substr(first, last - first + 1);
}

std::optional<OwnedDocument> from_extended_json(std::string_view json) {
  bson_error_t error;
  const ParsedBson bson(bson_new_from_json(reinterpret_cast<const uint8_t*>(json.data()),
                                           static_cast<ssize_t>(json.size()), &error));
  if (bson.get() == nullptr) return std::nullopt;
  return OwnedDocument(DocumentView{bson_get_data(bson.get()), bson.get()->len});
}

OwnedDocument wrap_value(std::string_view name, ValueView value) {
  const std::string bytes = BsonWriter().value(name, value).finish();
  return OwnedDocument(view_of(bytes));
}

}  // namespace ddsync
