// Numbers of JSON text as decimal digits, without floating point.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "fixed_string.hpp"
#include "result.hpp"

namespace egiz {

// value = 0.d1d2d3... * 10^point, no leading or trailing zero digits; zero has no digits.
struct Decimal {
    static constexpr std::size_t max_digits = 16;
    bool negative = false;
    std::array<char, max_digits> digits{};
    std::size_t count = 0;
    std::int32_t point = 0;
};

// unsupported: more significant digits or a larger exponent than Decimal holds.
Result<Decimal> parse_decimal(std::string_view literal);
Result<std::int64_t> to_integer(const Decimal& d);  // bad_argument: not an integer within +-(2^53-1)

using NumberText = FixedString<32>;
// As ECMAScript prints the double nearest to it (RFC 8785 section 3.2.2.3). Up to 15 significant digits a decimal is
// the shortest text of its own double, so no conversion is needed; 16 digits only for integers up to 2^53-1.
Result<NumberText> canonical_number(std::string_view literal);

}  // namespace egiz
