#include "json_number.hpp"

namespace egiz {
namespace {

constexpr std::int32_t exponent_limit = 400;
constexpr std::int64_t max_safe_integer = 9'007'199'254'740'991;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

Result<std::int32_t> parse_exponent(std::string_view text) {
    if (text.empty()) return 0;
    std::size_t at = 1;  // behind the e
    const bool minus = at < text.size() && text[at] == '-';
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    std::int32_t value = 0;
    for (; at < text.size(); ++at) {
        if (!is_digit(text[at])) return Err::bad_argument;
        value = value * 10 + (text[at] - '0');
        if (value > exponent_limit) return Err::unsupported;
    }
    return minus ? -value : value;
}

// Appends one digit of the mantissa, dropping leading zeros and remembering trailing ones.
class DigitCollector {
  public:
    explicit DigitCollector(Decimal& out) : out_(out) {}

    bool add(char digit, bool behind_point) {
        if (digit == '0') {
            if (out_.count > 0) ++zeros_;
            if (out_.count == 0 && behind_point) --out_.point;
        } else {
            for (; zeros_ > 0; --zeros_) {
                if (!store('0')) return false;
            }
            if (!store(digit)) return false;
        }
        if (!behind_point && (out_.count > 0)) ++out_.point;
        return true;
    }

  private:
    bool store(char digit) {
        if (out_.count == Decimal::max_digits) return false;
        out_.digits[out_.count++] = digit;
        return true;
    }
    Decimal& out_;
    std::size_t zeros_ = 0;
};

// ECMA-262 Number::toString for digits d1..dk and exponent n (the value is 0.d1..dk * 10^n).
bool print(const Decimal& d, NumberText& out) {
    const std::string_view digits(d.digits.data(), d.count);
    const auto n = d.point;
    const auto k = static_cast<std::int32_t>(d.count);
    bool ok = !d.negative || out.append("-");
    const auto zeros = [&](std::int32_t count) {
        for (; count > 0; --count) ok = ok && out.append("0");
    };
    if (k <= n && n <= 21) {
        ok = ok && out.append(digits);
        zeros(n - k);
        return ok;
    }
    if (0 < n && n <= 21) {
        const auto split = static_cast<std::size_t>(n);
        return ok && out.append(digits.substr(0, split)) && out.append(".") && out.append(digits.substr(split));
    }
    if (-6 < n && n <= 0) {
        ok = ok && out.append("0.");
        zeros(-n);
        return ok && out.append(digits);
    }
    ok = ok && out.append(digits.substr(0, 1));
    if (k > 1) ok = ok && out.append(".") && out.append(digits.substr(1));
    ok = ok && out.append(n > 0 ? "e+" : "e-");
    std::int32_t exponent = n > 0 ? n - 1 : 1 - n;
    std::array<char, 4> text{};
    std::size_t at = text.size();
    do {
        text[--at] = static_cast<char>('0' + exponent % 10);
        exponent /= 10;
    } while (exponent != 0 && at > 0);
    return ok && out.append({text.data() + at, text.size() - at});
}

}  // namespace

Result<Decimal> parse_decimal(std::string_view literal) {
    Decimal d;
    DigitCollector collect(d);
    std::size_t at = 0;
    if (!literal.empty() && literal[0] == '-') {
        d.negative = true;
        ++at;
    }
    bool behind_point = false;
    for (; at < literal.size() && (is_digit(literal[at]) || literal[at] == '.'); ++at) {
        if (literal[at] == '.') {
            behind_point = true;
        } else if (!collect.add(literal[at], behind_point)) {
            return Err::unsupported;
        }
    }
    if (at < literal.size() && literal[at] != 'e' && literal[at] != 'E') return Err::bad_argument;
    const Result<std::int32_t> exponent = parse_exponent(literal.substr(at));
    if (!exponent) return exponent.error();
    d.point += exponent.value();
    if (d.count == 0) d = {};
    return d;
}

Result<std::int64_t> to_integer(const Decimal& d) {
    const auto count = static_cast<std::int32_t>(d.count);
    if (d.count == 0) return std::int64_t{0};
    if (d.point < count || d.point > 16) return Err::bad_argument;
    std::int64_t value = 0;
    for (std::int32_t i = 0; i < d.point; ++i) {
        value = value * 10 + (i < count ? d.digits[static_cast<std::size_t>(i)] - '0' : 0);
    }
    if (value > max_safe_integer) return Err::bad_argument;
    return d.negative ? -value : value;
}

Result<NumberText> canonical_number(std::string_view literal) {
    const Result<Decimal> d = parse_decimal(literal);
    if (!d) return d.error();
    NumberText out;
    if (d.value().count == 0) {
        (void)out.assign("0");  // also for -0
        return out;
    }
    if (d.value().count > 15 && !to_integer(d.value()).ok()) return Err::unsupported;
    // Doubles end near 1e308 and lose digits below 1e-307.
    if (d.value().point > 308 || d.value().point < -306) return Err::unsupported;
    if (!print(d.value(), out)) return Err::unsupported;
    return out;
}

}  // namespace egiz
