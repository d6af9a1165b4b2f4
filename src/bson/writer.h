// Builds small BSON documents. Thread-safety: none.
#pragma once

#include <cstring>
#include <string>
#include <string_view>

#include "bson/view.h"

namespace ddsync {

inline DocumentView view_of(const std::string& bytes) {
  return {reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<uint32_t>(bytes.size())};
}

class BsonWriter {
 public:
  BsonWriter() : bytes_(4, '\0') {}

  BsonWriter& value(std::string_view name, ValueView value) {
    element(value.type, name);
    bytes_.append(reinterpret_cast<const char*>(value.data), value.size);
    return *this;
  }
  BsonWriter& document(std::string_view name, const std::string& bytes, BsonType type = BsonType::document) {
    element(type, name);
    bytes_.append(bytes);
    return *this;
  }
  BsonWriter& string(std::string_view name, std::string_view text, BsonType type = BsonType::string) {
    element(type, name);
    plain(static_cast<int32_t>(text.size() + 1));
    bytes_.append(text).push_back('\0');
    return *this;
  }
  BsonWriter& int32(std::string_view name, int32_t number) {
    return number_of(BsonType::int32, name, number);
  }
  BsonWriter& int64(std::string_view name, int64_t number, BsonType type = BsonType::int64) {
    return number_of(type, name, number);
  }
  BsonWriter& real(std::string_view name, double number) { return number_of(BsonType::real, name, number); }
  BsonWriter& boolean(std::string_view name, bool value) {
    return number_of(BsonType::boolean, name, static_cast<char>(value));
  }
  BsonWriter& null(std::string_view name) {
    element(BsonType::null, name);
    return *this;
  }

  // Ends the document; the writer must not be used afterwards.
  std::string finish() {
    bytes_.push_back('\0');
    const auto size = static_cast<int32_t>(bytes_.size());
    std::memcpy(bytes_.data(), &size, sizeof size);
    return std::move(bytes_);
  }

 private:
  void element(BsonType type, std::string_view name) {
    bytes_.push_back(static_cast<char>(type));
    bytes_.append(name).push_back('\0');
  }
  template <typename T>
  void plain(T number) {
    char raw[sizeof number];
    std::memcpy(raw, &number, sizeof number);
    bytes_.append(raw, sizeof number);
  }
  template <typename T>
  BsonWriter& number_of(BsonType type, std::string_view name, T number) {
    element(type, name);
    plain(number);
    return *this;
  }

  std::string bytes_;
};

}  // namespace ddsync
