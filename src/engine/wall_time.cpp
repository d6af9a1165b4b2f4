#include "engine/wall_time.h"

#include <array>
#include <cstddef>
#include <optional>

namespace ddsync {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Reads a text from left to right; once something does not fit, all is wrong.
class TextReader {
 public:
  explicit TextReader(std::string_view text) : left_(text) {}

  bool good() const { return good_; }
  bool at_end() const { return left_.empty(); }
  bool next_is_digit() const { return !left_.empty() && is_digit(left_.front()); }

  bool skip_if(char c) {
    if (left_.empty() || left_.front() != c) return false;
    left_.remove_prefix(1);
    return true;
  }
  void expect(char c) { good_ = skip_if(c) && good_; }
  int digit() {
    if (!next_is_digit()) {
      good_ = false;
      return 0;
    }
    const int value = left_.front() - '0';
    left_.remove_prefix(1);
    return value;
  }
  int number(size_t digits, int most) {
    int value = 0;
    for (size_t i = 0; i < digits; ++i) value = value * 10 + digit();
    good_ = good_ && value <= most;
    return value;
  }

 private:
  std::string_view left_;
  bool good_ = true;
};

bool is_leap(int64_t year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

// Days from year 0 to the first of January (Gregorian).
int64_t days_before_year(int64_t year) {
  const int64_t last = year - 1;
  return 365 * year + last / 4 - last / 100 + last / 400 + 1;
}

constexpr std::array<int, 13> kDaysBeforeMonth = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};

// Days since 1970-01-01.
std::optional<int64_t> read_day(TextReader& text) {
  const int year = text.number(4, 9999);
  text.expect('-');
  const int month = text.number(2, 12);
  text.expect('-');
  const int day = text.number(2, 31);
  if (!text.good() || year < 1 || month < 1) return std::nullopt;
  const auto at = static_cast<size_t>(month);
  const bool leap_day = is_leap(year) && month == 2;
  const int days_in_month = kDaysBeforeMonth[at] - kDaysBeforeMonth[at - 1] + (leap_day ? 1 : 0);
  if (day < 1 || day > days_in_month) return std::nullopt;
  const int of_year = kDaysBeforeMonth[at - 1] + (is_leap(year) && month > 2 ? 1 : 0) + day - 1;
  return days_before_year(year) - days_before_year(1970) + of_year;
}

// Of the day, with the fraction cut to milliseconds.
int64_t read_time_ms(TextReader& text) {
  const int hours = text.number(2, 23);
  text.expect(':');
  const int minutes = text.number(2, 59);
  text.expect(':');
  const int seconds = text.number(2, 60);  // a leap second
  int64_t ms = 0;
  if (text.skip_if('.')) {
    ms = int64_t{100} * text.digit();
    for (int64_t unit = 10; text.next_is_digit(); unit /= 10) ms += unit * text.digit();
  }
  return ((int64_t{hours} * 60 + minutes) * 60 + seconds) * 1000 + ms;
}

int64_t read_offset_ms(TextReader& text) {
  if (text.at_end() || text.skip_if('Z')) return 0;
  const bool behind = text.skip_if('-');
  if (!behind) text.expect('+');
  const int hours = text.number(2, 23);
  int minutes = 0;
  if (text.skip_if(':') || text.next_is_digit()) minutes = text.number(2, 59);
  const int64_t offset_ms = (int64_t{hours} * 60 + minutes) * 60'000;
  return behind ? -offset_ms : offset_ms;
}

}  // namespace

int64_t parse_wall_time_ms(std::string_view text) {
  constexpr int64_t kDayMs = 86'400'000;
  TextReader reader(text);
  const std::optional<int64_t> day = read_day(reader);
  if (!day) return 0;
  if (!reader.skip_if(' ')) reader.expect('T');
  const int64_t time_ms = read_time_ms(reader);
  const int64_t offset_ms = read_offset_ms(reader);
  if (!reader.good() || !reader.at_end()) return 0;
  return *day * kDayMs + time_ms - offset_ms;
}

}  // namespace ddsync
