#include <algorithm>
#include <array>
#include <map>
#include <span>

#include "bson/writer.h"
#include "mongo/schema_support.h"
#include "mongo/server_error.h"

namespace ddsync::mongo {
namespace {

using Fields = std::map<std::string, OwnedValue, std::less<>>;
using Names = std::span<const std::string_view>;

struct Default {
  std::string_view name;
  std::string_view text;
};

Fields fields_of(DocumentView document) {
  Fields fields;
  ElementCursor cursor(document);
  while (cursor.next()) fields.insert_or_assign(std::string(cursor.name()), OwnedValue(cursor.value()));
  return fields;
}

OwnedValue document_value(const std::string& bytes) {
  const DocumentView view = view_of(bytes);
  return OwnedValue(ValueView{BsonType::document, view.data, view.size});
}

void append_normal(BsonWriter& out, std::string_view name, const ValueView& value) {
  const auto number = whole_number(value);
  if (!number) {
    out.value(name, value);
  } else if (*number == static_cast<int32_t>(*number)) {
    out.int32(name, static_cast<int32_t>(*number));
  } else {
    out.int64(name, *number);
  }
}

// Numbers of a document's own fields; their order stays: of a key it matters.
OwnedValue with_normal_numbers(DocumentView document) {
  BsonWriter out;
  ElementCursor cursor(document);
  while (cursor.next()) append_normal(out, cursor.name(), cursor.value());
  return document_value(out.finish());
}

OwnedDocument write(Fields fields, Names first) {
  BsonWriter out;
  for (const std::string_view name : first) {
    const auto found = fields.find(name);
    if (found == fields.end()) continue;
    append_normal(out, name, found->second.view());
    fields.erase(found);
  }
  for (const auto& [name, value] : fields) append_normal(out, name, value.view());
  const std::string bytes = out.finish();
  return OwnedDocument(view_of(bytes));
}

bool is_false(const ValueView& value) {
  return value.type == BsonType::null || (value.type == BsonType::boolean && !value.as_bool()) ||
         whole_number(value) == 0;
}

bool is_empty_document(const ValueView& value) {
  constexpr uint32_t kEmptyDocumentSize = 5;
  return value.type == BsonType::document && value.size == kEmptyDocumentSize;
}

void erase(Fields& fields, Names names) {
  for (const std::string_view name : names)
    if (const auto found = fields.find(name); found != fields.end()) fields.erase(found);
}

void erase_when_false(Fields& fields, Names names) {
  for (const std::string_view name : names) {
    const auto found = fields.find(name);
    if (found != fields.end() && is_false(found->second.view())) fields.erase(found);
  }
}

void erase_defaults(Fields& fields, std::span<const Default> defaults) {
  for (const Default& value : defaults) {
    const auto found = fields.find(value.name);
    if (found != fields.end() && as_text(found->second.view()) == value.text) fields.erase(found);
  }
}

// Takes `inner` out of the document `name`, and the document too when nothing is left of it.
void erase_inside(Fields& fields, std::string_view name, std::string_view inner) {
  const auto found = fields.find(name);
  if (found == fields.end() || found->second.view().type != BsonType::document) return;
  Fields left = fields_of(found->second.view().as_document());
  erase(left, std::to_array({inner}));
  if (left.empty()) {
    fields.erase(found);
    return;
  }
  const OwnedDocument rest = write(std::move(left), {});
  found->second = OwnedValue(ValueView{BsonType::document, rest.view().data, rest.view().size});
}

// The version is that of the server's ICU library: another server refuses it. `simple` is the default.
void normalise_collation(Fields& fields) {
  erase_inside(fields, "collation", "version");
  const auto found = fields.find("collation");
  if (found == fields.end() || found->second.view().type != BsonType::document) return;
  if (as_text(find_value(found->second.view().as_document(), "locale")) == "simple") fields.erase(found);
}

// What is left of a listed index without the fields `left_out`.
OwnedDocument plain_index(const OwnedDocument& specification, Names left_out) {
  constexpr auto kOfTheServer = std::to_array<std::string_view>({"v", "ns", "background", "dropDups"});
  constexpr auto kFlags = std::to_array<std::string_view>({"unique", "sparse", "hidden", "prepareUnique"});
  constexpr auto kDefaults =
      std::to_array<Default>({{"default_language", "english"}, {"language_override", "language"}});
  constexpr auto kFirst = std::to_array<std::string_view>({"key", "name"});
  Fields fields = fields_of(specification.view());
  erase(fields, kOfTheServer);
  erase(fields, left_out);
  erase_when_false(fields, kFlags);
  erase_defaults(fields, kDefaults);
  erase_inside(fields, "storageEngine", "enableOrderedIndex");
  normalise_collation(fields);
  for (const std::string_view name : {"key", "weights"}) {
    const auto found = fields.find(name);
    if (found != fields.end() && found->second.view().type == BsonType::document)
      found->second = with_normal_numbers(found->second.view().as_document());
  }
  return write(std::move(fields), kFirst);
}

}  // namespace

OwnedDocument index_to_create(const OwnedDocument& specification) { return plain_index(specification, {}); }

OwnedDocument normalised_index(const OwnedDocument& specification) {
  constexpr auto kVersions = std::to_array<std::string_view>({"textIndexVersion", "2dsphereIndexVersion"});
  return plain_index(specification, kVersions);
}

OwnedDocument normalised_options(const OwnedDocument& options) {
  constexpr auto kOfTheServer =
      std::to_array<std::string_view>({"create", "uuid", "idIndex", "autoIndexId", "flags", "temp"});
  constexpr auto kFlags = std::to_array<std::string_view>({"capped"});
  constexpr auto kDefaults =
      std::to_array<Default>({{"validationLevel", "strict"}, {"validationAction", "error"}});
  Fields fields = fields_of(options.view());
  // In the change events of secantusd 0.5.3.
  if (auto pipeline = fields.extract("viewPipeline"); pipeline) {
    pipeline.key() = "pipeline";
    fields.insert(std::move(pipeline));
  }
  erase(fields, kOfTheServer);
  erase_when_false(fields, kFlags);
  erase_defaults(fields, kDefaults);
  normalise_collation(fields);
  std::erase_if(fields, [](const auto& field) {
    const ValueView value = field.second.view();
    if (is_empty_document(value)) return true;
    return field.first == "changeStreamPreAndPostImages" && value.type == BsonType::document &&
           is_false(find_value(value.as_document(), "enabled"));
  });
  return write(std::move(fields), {});
}

}  // namespace ddsync::mongo
