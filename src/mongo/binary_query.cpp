#include "mongo/binary_query.h"

#include <cstring>
#include <string>
#include <string_view>

namespace ddsync::mongo {
namespace {

constexpr uint32_t kHead = 5;  // length and subtype

uint32_t length_of(const OwnedValue& value) {
  uint32_t length = 0;
  std::memcpy(&length, value.view().data, sizeof length);
  return length;
}

std::string_view bytes_of(const OwnedValue& value) {
  const ValueView view = value.view();
  return {reinterpret_cast<const char*>(view.data) + kHead, view.size - kHead};
}

OwnedValue value_of(uint32_t length, char subtype, char byte) {
  std::string bytes(sizeof length, '\0');
  std::memcpy(bytes.data(), &length, sizeof length);
  bytes.push_back(subtype);
  bytes.append(length, byte);
  return OwnedValue(ValueView{BsonType::binary, reinterpret_cast<const uint8_t*>(bytes.data()),
                              static_cast<uint32_t>(bytes.size())});
}

OwnedValue smallest(uint32_t length) { return value_of(length, '\0', '\0'); }
OwnedValue greatest(uint32_t length) { return value_of(length, '\xFF', '\xFF'); }

}  // namespace

std::vector<BinaryPart> binary_parts(const OwnedValue& from, const OwnedValue& to) {
  std::vector<BinaryPart> parts;
  uint32_t begin = 0;  // the first length that is whole
  if (!from.missing()) {
    const uint32_t first = length_of(from);
    const bool ends_here = !to.missing() && length_of(to) == first;
    parts.push_back({.lower = from, .lower_included = false, .upper = ends_here ? to : greatest(first)});
    if (ends_here) return parts;
    begin = first + 1;
  }
  if (to.missing()) {
    parts.push_back({.lower = smallest(begin), .lower_included = true, .upper = {}});
    return parts;
  }
  const uint32_t last = length_of(to);
  if (begin < last)
    parts.push_back({.lower = smallest(begin), .lower_included = true, .upper = greatest(last - 1)});
  parts.push_back({.lower = smallest(last), .lower_included = true, .upper = to});
  return parts;
}

bool rises_without_subtype(const OwnedValue& a, const OwnedValue& b) {
  const uint32_t left = length_of(a);
  const uint32_t right = length_of(b);
  return left != right ? left < right : bytes_of(a) < bytes_of(b);
}

}  // namespace ddsync::mongo
