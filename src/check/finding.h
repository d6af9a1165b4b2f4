// What `documentdb-sync check` looked at and what it found.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ddsync::check {

enum class Verdict : uint8_t { ok, warning, problem };

std::string_view to_string(Verdict verdict);

struct Finding {
  std::string check;  // "source", "change streams"
  Verdict verdict = Verdict::ok;
  std::string found;
  std::string remedy;  // what to do; empty when ok

  bool operator==(const Finding&) const = default;
};

using Findings = std::vector<Finding>;

// The worst of all; ok when there is none.
Verdict worst(const Findings& findings);

inline Finding ok(std::string check, std::string found) {
  return {.check = std::move(check), .verdict = Verdict::ok, .found = std::move(found), .remedy = {}};
}
inline Finding warning(std::string check, std::string found, std::string remedy) {
  return {std::move(check), Verdict::warning, std::move(found), std::move(remedy)};
}
inline Finding problem(std::string check, std::string found, std::string remedy) {
  return {std::move(check), Verdict::problem, std::move(found), std::move(remedy)};
}

}  // namespace ddsync::check
