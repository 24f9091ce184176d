#include "timestamp.hpp"

#include <algorithm>
#include <array>

namespace egiz {
namespace {

constexpr std::uint64_t day_ms = 86'400'000;
constexpr std::uint64_t last_ms = 253'402'300'799'999;  // 9999-12-31T23:59:59.999Z

struct Date {
    std::int64_t year;
    unsigned month;
    unsigned day;
};

// Howard Hinnant's civil calendar algorithms: exact for the proleptic Gregorian calendar.
std::int64_t days_from_civil(Date d) {
    const std::int64_t y = d.year - (d.month <= 2 ? 1 : 0);
    const std::int64_t era = y / 400;
    const std::int64_t yoe = y - era * 400;
    const std::int64_t doy = (153 * (static_cast<std::int64_t>(d.month) + (d.month > 2 ? -3 : 9)) + 2) / 5 + d.day - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

Date civil_from_days(std::int64_t days) {
    days += 719468;
    const std::int64_t era = days / 146097;
    const std::int64_t doe = days - era * 146097;
    const std::int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    const std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    const std::int64_t mp = (5 * doy + 2) / 153;
    const auto day = static_cast<unsigned>(doy - (153 * mp + 2) / 5 + 1);
    const auto month = static_cast<unsigned>(mp < 10 ? mp + 3 : mp - 9);
    return {yoe + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

unsigned days_in_month(std::int64_t year, unsigned month) {
    static constexpr std::array<unsigned, 12> days{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

class Scanner {
  public:
    explicit Scanner(std::string_view text) : text_(text) {}

    unsigned number(std::size_t digits) {
        unsigned value = 0;
        for (std::size_t i = 0; i < digits; ++i) {
            if (at_ >= text_.size() || text_[at_] < '0' || text_[at_] > '9') {
                ok_ = false;
                return 0;
            }
            value = value * 10 + static_cast<unsigned>(text_[at_++] - '0');
        }
        return value;
    }
    void expect(char c) {
        if (!take(c)) ok_ = false;
    }
    bool take(char c) {
        if (at_ >= text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    // Digits after the point; those beyond the third only have to be digits.
    unsigned fraction_ms() {
        unsigned value = 0;
        unsigned scale = 100;
        const std::size_t start = at_;
        for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_, scale /= 10) {
            value += scale * static_cast<unsigned>(text_[at_] - '0');
        }
        if (at_ == start) ok_ = false;
        return value;
    }
    [[nodiscard]] bool done() const { return ok_ && at_ == text_.size(); }

  private:
    std::string_view text_;
    std::size_t at_ = 0;
    bool ok_ = true;
};

std::int64_t scan_offset_ms(Scanner& scan) {
    if (scan.take('Z') || scan.take('z')) return 0;
    const bool minus = scan.take('-');
    if (!minus) scan.expect('+');
    const unsigned hours = scan.number(2);
    scan.expect(':');
    const unsigned minutes = scan.number(2);
    if (hours > 23 || minutes > 59) return static_cast<std::int64_t>(last_ms) * 2;
    const auto ms = static_cast<std::int64_t>((hours * 60 + minutes) * 60'000U);
    return minus ? -ms : ms;
}

}  // namespace

Timestamp format_timestamp(std::uint64_t ms) {
    ms = std::min(ms, last_ms);
    const Date date = civil_from_days(static_cast<std::int64_t>(ms / day_ms));
    const auto rest = static_cast<unsigned>(ms % day_ms);
    std::array<char, 24> out{};
    std::size_t at = 0;
    const auto put = [&](unsigned value, unsigned digits, char after) {
        for (unsigned i = digits; i > 0; --i, value /= 10) out[at + i - 1] = static_cast<char>('0' + value % 10);
        at += digits;
        out[at++] = after;
    };
    put(static_cast<unsigned>(date.year), 4, '-');
    put(date.month, 2, '-');
    put(date.day, 2, 'T');
    put(rest / 3'600'000, 2, ':');
    put(rest / 60'000 % 60, 2, ':');
    put(rest / 1000 % 60, 2, '.');
    put(rest % 1000, 3, 'Z');
    Timestamp text;
    text.assign_cut({out.data(), at});
    return text;
}

Result<std::uint64_t> parse_timestamp(std::string_view text) {
    Scanner scan(text);
    Date date{};
    date.year = scan.number(4);
    scan.expect('-');
    date.month = scan.number(2);
    scan.expect('-');
    date.day = scan.number(2);
    if (!scan.take('T')) scan.expect('t');
    const unsigned hour = scan.number(2);
    scan.expect(':');
    const unsigned minute = scan.number(2);
    scan.expect(':');
    const unsigned second = scan.number(2);
    const unsigned fraction = scan.take('.') ? scan.fraction_ms() : 0;
    const std::int64_t offset = scan_offset_ms(scan);
    if (!scan.done() || date.month < 1 || date.month > 12) return Err::bad_argument;
    if (date.day < 1 || date.day > days_in_month(date.year, date.month)) return Err::bad_argument;
    if (hour > 23 || minute > 59 || second > 60) return Err::bad_argument;
    const std::int64_t of_day = static_cast<std::int64_t>((hour * 60 + minute) * 60 + second) * 1000 + fraction;
    const std::int64_t ms = days_from_civil(date) * static_cast<std::int64_t>(day_ms) + of_day - offset;
    if (ms < 0) return Err::bad_argument;
    return static_cast<std::uint64_t>(ms);
}

}  // namespace egiz
