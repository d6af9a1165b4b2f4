#include "mongo/range_query.h"

#include <array>
#include <limits>
#include <string>

#include "bson/writer.h"
#include "mongo/binary_query.h"

namespace ddsync::mongo {
namespace {

constexpr std::array<uint8_t, 12> kZeros{};

// The smallest value of a bracket that every server compares with all of it; missing = there is none that
// they agree on. Dates: servers that read the smallest one as a calendar date fail.
ValueView smallest_of(Bracket bracket) {
  static constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();
  static constexpr std::array<uint8_t, 5> kEmptyText{1, 0, 0, 0, 0};
  static constexpr std::array<uint8_t, 5> kEmptyDocument{5, 0, 0, 0, 0};
  switch (bracket) {
    case Bracket::numbers:
      return {BsonType::real, reinterpret_cast<const uint8_t*>(&kMinusInfinity), sizeof kMinusInfinity};
    case Bracket::strings:
      return {BsonType::string, kEmptyText.data(), kEmptyText.size()};
    case Bracket::documents:
      return {BsonType::document, kEmptyDocument.data(), kEmptyDocument.size()};
    case Bracket::binary:
      return {BsonType::binary, kZeros.data(), 5};
    case Bracket::object_id:
      return {BsonType::object_id, kZeros.data(), 12};
    case Bracket::boolean:
      return {BsonType::boolean, kZeros.data(), 1};
    case Bracket::timestamp:
      return {BsonType::timestamp, kZeros.data(), 8};
    default:
      return {};
  }
}

// The smallest value of the other brackets of more than one value.
ValueView smallest_of_rare(Bracket bracket) {
  static constexpr int64_t kFirstDate = std::numeric_limits<int64_t>::min();
  static constexpr std::array<uint8_t, 17> kNoPointer{1};                            // "" and twelve zeros
  static constexpr std::array<uint8_t, 5> kNoCode{1};                                // ""
  static constexpr std::array<uint8_t, 14> kNoScope{14, 0, 0, 0, 1, 0, 0, 0, 0, 5};  // "" and {}
  switch (bracket) {
    case Bracket::date:
      return {BsonType::date, reinterpret_cast<const uint8_t*>(&kFirstDate), sizeof kFirstDate};
    case Bracket::db_pointer:
      return {BsonType::db_pointer, kNoPointer.data(), kNoPointer.size()};
    case Bracket::code:
      return {BsonType::code, kNoCode.data(), kNoCode.size()};
    case Bracket::code_with_scope:
      return {BsonType::code_with_scope, kNoScope.data(), kNoScope.size()};
    default:
      return {};
  }
}

// The only value of a bracket that holds one and that every server takes as the operand of $eq.
ValueView only_of(Bracket bracket) {
  static constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  switch (bracket) {
    case Bracket::min_key:
      return {BsonType::min_key, kZeros.data(), 0};
    case Bracket::null:
      return {BsonType::null, kZeros.data(), 0};
    case Bracket::nan:
      return {BsonType::real, reinterpret_cast<const uint8_t*>(&kNaN), sizeof kNaN};
    case Bracket::max_key:
      return {BsonType::max_key, kZeros.data(), 0};
    default:
      return {};
  }
}

std::vector<int> type_numbers(Bracket bracket) {
  switch (bracket) {
    case Bracket::min_key:
      return {-1};
    case Bracket::undefined:
      return {6};
    case Bracket::null:
      return {10};
    case Bracket::nan:
    case Bracket::numbers:
      return {1, 16, 18, 19};
    case Bracket::strings:
      return {2, 14};
    case Bracket::documents:
      return {3};
    case Bracket::arrays:
      return {4};
    case Bracket::binary:
      return {5};
    case Bracket::object_id:
      return {7};
    case Bracket::boolean:
      return {8};
    case Bracket::date:
      return {9};
    case Bracket::timestamp:
      return {17};
    case Bracket::regex:
      return {11};
    case Bracket::db_pointer:
      return {12};
    case Bracket::code:
      return {13};
    case Bracket::code_with_scope:
      return {15};
    case Bracket::max_key:
      return {127};
    case Bracket::all:
      break;
  }
  return {};
}

void append_types(BsonWriter& condition, const std::vector<int>& types) {
  if (types.size() == 1) {
    condition.int32("$type", types.front());
    return;
  }
  BsonWriter list;
  for (size_t i = 0; i < types.size(); ++i) list.int32(std::to_string(i), types[i]);
  condition.document("$type", list.finish(), BsonType::array);
}

OwnedDocument owned(const std::string& bytes) { return OwnedDocument(view_of(bytes)); }

OwnedDocument on_id(BsonWriter& condition) {
  return owned(BsonWriter().document("_id", condition.finish()).finish());
}

std::vector<int> types_behind(Bracket bracket) {
  std::vector<int> types;
  for (const Bracket later : kIdBrackets) {
    if (later <= bracket || later == Bracket::nan) continue;
    const std::vector<int> of_later = type_numbers(later);
    if (bracket == Bracket::nan && later == Bracket::numbers) continue;  // $type would find NaN again
    types.insert(types.end(), of_later.begin(), of_later.end());
  }
  return types;
}

// What lies behind `from` and up to `to`, both of one bracket; at least one is given.
std::vector<OwnedDocument> filters_between(Bracket bracket, const OwnedValue& from, const OwnedValue& to) {
  std::vector<OwnedDocument> filters;
  const auto add = [&](const OwnedValue& lower, bool included, const OwnedValue& upper) {
    BsonWriter condition;
    if (!lower.missing()) condition.value(included ? "$gte" : "$gt", lower.view());
    if (!upper.missing()) condition.value("$lte", upper.view());
    filters.push_back(on_id(condition));
  };
  if (bracket != Bracket::binary) {
    add(from, false, to);
    return filters;
  }
  for (const BinaryPart& part : binary_parts(from, to)) add(part.lower, part.lower_included, part.upper);
  return filters;
}

// Of the whole collection, what sorts behind `after`: the rest of its bracket, then the later brackets.
std::vector<OwnedDocument> filters_behind(const OwnedValue& after) {
  const Bracket bracket = bracket_of(after.view());
  std::vector<OwnedDocument> filters;
  if (!holds_one_value(bracket)) filters = filters_between(bracket, after, {});
  if (bracket == Bracket::nan) filters.push_back(bracket_filter(Bracket::numbers));
  if (const std::vector<int> types = types_behind(bracket); !types.empty()) {
    BsonWriter condition;
    append_types(condition, types);
    filters.push_back(on_id(condition));
  }
  return filters;
}

}  // namespace

std::vector<OwnedDocument> range_filters(const CopyRange& range, const OwnedValue& after) {
  const auto bracket = static_cast<Bracket>(range.bracket);
  if (bracket == Bracket::all) {
    if (after.missing()) return {owned(BsonWriter().finish())};
    return filters_behind(after);
  }
  if (holds_one_value(bracket)) {
    if (!after.missing()) return {};
    return {bracket_filter(bracket)};
  }
  const OwnedValue none;
  // What is of another bracket is no bound: more is read then, not less.
  const auto bound = [&](const OwnedValue& value) -> const OwnedValue& {
    return !value.missing() && bracket_of(value.view()) == bracket ? value : none;
  };
  const OwnedValue& behind = bound(after);
  const OwnedValue& lower = behind.missing() ? bound(range.from) : behind;
  const OwnedValue& upper = bound(range.to);
  if (lower.missing() && upper.missing()) return {bracket_filter(bracket)};
  return filters_between(bracket, lower, upper);
}

OwnedDocument bracket_filter(Bracket bracket) {
  BsonWriter condition;
  if (const ValueView smallest = smallest_of(bracket); !smallest.missing()) {
    condition.value("$gte", smallest);
    return on_id(condition);
  }
  // Where a bracket holds one value: that value ($eq reaches it by the index), of no other type (null finds
  // undefined on some servers).
  if (const ValueView only = only_of(bracket); !only.missing()) condition.value("$eq", only);
  if (bracket != Bracket::nan) append_types(condition, type_numbers(bracket));
  return on_id(condition);
}

OwnedDocument bracket_probe(Bracket bracket) {
  const ValueView smallest = smallest_of_rare(bracket);
  if (smallest.missing()) return bracket_filter(bracket);
  BsonWriter condition;
  condition.value("$gte", smallest);
  return on_id(condition);
}

}  // namespace ddsync::mongo
