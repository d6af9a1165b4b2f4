#include "check/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "check/wording.h"
#include "config/plain_text.h"
#include "observe/credentials.h"

namespace ddsync::check {
namespace {

constexpr size_t kTextColumns = 88;  // of what was found; with the columns before it about 120
constexpr size_t kVerdictColumns = 7;

std::string shown(std::string_view text) { return config::one_line(observe::mask_credentials(text)); }

// Broken at blanks; a word that is longer than a line stays whole.
std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (text.size() > kTextColumns) {
    size_t blank = text.rfind(' ', kTextColumns);
    if (blank == 0 || blank == std::string_view::npos) blank = text.find(' ', kTextColumns);
    if (blank == std::string_view::npos) break;
    lines.emplace_back(text.substr(0, blank));
    text.remove_prefix(blank + 1);
  }
  lines.emplace_back(text);
  return lines;
}

size_t name_columns(const Findings& findings) {
  size_t columns = std::string_view("check").size();
  for (const Finding& finding : findings) columns = std::max(columns, finding.check.size());
  return columns;
}

void append_row(std::string& table, std::string_view check, std::string_view verdict,
                const std::vector<std::string>& lines, size_t columns) {
  for (const std::string& line : lines) {
    table += fmt::format("{:<{}}  {:<{}}  {}\n", check, columns, verdict, kVerdictColumns, line);
    check = verdict = {};
  }
}

std::string summary(const Findings& findings) {
  const auto number = [&](Verdict verdict) {
    return static_cast<size_t>(std::count_if(findings.begin(), findings.end(),
                                             [&](const Finding& one) { return one.verdict == verdict; }));
  };
  const size_t problems = number(Verdict::problem);
  const size_t warnings = number(Verdict::warning);
  if (problems > 0) return fmt::format("{}, {}", counted(problems, "problem"), counted(warnings, "warning"));
  if (warnings > 0) return fmt::format("No problem, {}", counted(warnings, "warning"));
  return "All is well";
}

}  // namespace

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::ok:
      return "ok";
    case Verdict::warning:
      return "warning";
    case Verdict::problem:
      return "problem";
  }
  return "unknown";
}

Verdict worst(const Findings& findings) {
  Verdict verdict = Verdict::ok;
  for (const Finding& finding : findings) verdict = std::max(verdict, finding.verdict);
  return verdict;
}

std::string as_table(const Findings& findings) {
  const size_t columns = name_columns(findings);
  std::string table;
  append_row(table, "check", "verdict", {"found"}, columns);
  for (const Finding& finding : findings) {
    append_row(table, finding.check, to_string(finding.verdict), lines_of(shown(finding.found)), columns);
    if (!finding.remedy.empty()) append_row(table, "", "", lines_of("-> " + shown(finding.remedy)), columns);
  }
  return table + "\n" + summary(findings) + ".\n";
}

std::string as_json(const Findings& findings) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const Finding& finding : findings) {
    rows.push_back({{"check", finding.check},
                    {"verdict", to_string(finding.verdict)},
                    {"found", shown(finding.found)},
                    {"remedy", shown(finding.remedy)}});
  }
  const nlohmann::ordered_json all = {{"verdict", to_string(worst(findings))}, {"checks", std::move(rows)}};
  return all.dump() + "\n";
}

}  // namespace ddsync::check
