// Division and double arithmetic. The ESP8266 has these in its ROM, so Debian's libgcc for the core leaves them out; an
// emulated core has no ROM. Doubles are IEEE 754 with rounding to nearest even; subnormal numbers count as zero.
#include <bit>
#include <cstdint>

namespace {

using u32 = std::uint32_t;
using u64 = std::uint64_t;

template <class T>
struct Divided {
    T quotient;
    T rest;
};

template <class T>
Divided<T> divide(T n, T d) {
    T quotient = 0;
    T rest = 0;
    for (int bit = static_cast<int>(sizeof(T)) * 8 - 1; bit >= 0; --bit) {
        const bool carry = (rest >> (sizeof(T) * 8 - 1)) != 0;
        rest = static_cast<T>((rest << 1) | ((n >> bit) & 1));
        if (carry || rest >= d) {
            rest -= d;
            quotient |= T{1} << bit;
        }
    }
    return {quotient, rest};
}

u64 multiply(u32 a, u32 b) {
    const u32 al = a & 0xFFFF;
    const u32 ah = a >> 16;
    const u32 bl = b & 0xFFFF;
    const u32 bh = b >> 16;
    const u32 low = al * bl;
    const u32 mid = ah * bl + (low >> 16);
    const u32 mid2 = al * bh + (mid & 0xFFFF);
    const u32 high = ah * bh + (mid >> 16) + (mid2 >> 16);
    return (static_cast<u64>(high) << 32) | ((mid2 << 16) | (low & 0xFFFF));
}

// value = (-1)^negative * mantissa * 2^(exponent - 55), mantissa in [2^55, 2^56): 53 bits and three for rounding.
struct Unpacked {
    bool negative;
    int exponent;
    u64 mantissa;  // 0: zero
    bool special;  // infinity or not a number
};

constexpr int bias = 1023;
constexpr u64 one = u64{1} << 55;

Unpacked unpack(double value) {
    const u64 bits = std::bit_cast<u64>(value);
    const int exponent = static_cast<int>((bits >> 52) & 0x7FF);
    const u64 fraction = bits & ((u64{1} << 52) - 1);
    const u64 mantissa = exponent == 0 ? 0 : (fraction | (u64{1} << 52)) << 3;
    return {(bits >> 63) != 0, exponent - bias, mantissa, exponent == 0x7FF};
}

double pack(bool negative, int exponent, u64 mantissa, bool sticky) {
    const u64 sign = static_cast<u64>(negative ? 1 : 0) << 63;
    if (mantissa == 0) return std::bit_cast<double>(sign);
    while (mantissa >= 2 * one) {
        sticky = sticky || (mantissa & 1) != 0;
        mantissa >>= 1;
        ++exponent;
    }
    while (mantissa < one) {
        mantissa <<= 1;
        --exponent;
    }
    if (sticky) mantissa |= 1;
    const u64 rest = mantissa & 7;
    mantissa >>= 3;
    if (rest > 4 || (rest == 4 && (mantissa & 1) != 0)) ++mantissa;
    if (mantissa == u64{1} << 53) {
        mantissa >>= 1;
        ++exponent;
    }
    if (exponent > bias) return std::bit_cast<double>(sign | (u64{0x7FF} << 52));
    if (exponent <= -bias) return std::bit_cast<double>(sign);
    return std::bit_cast<double>(sign | (static_cast<u64>(exponent + bias) << 52) | (mantissa & ((u64{1} << 52) - 1)));
}

double not_a_number() { return std::bit_cast<double>(u64{0x7FF8} << 48); }

double add(double x, double y) {
    Unpacked a = unpack(x);
    Unpacked b = unpack(y);
    if (a.special || b.special) return a.special && b.special && a.negative != b.negative ? not_a_number() : a.special ? x : y;
    if (a.mantissa == 0) return y;
    if (b.mantissa == 0) return x;
    if (a.exponent < b.exponent) {
        const Unpacked swap = a;
        a = b;
        b = swap;
    }
    const int shift = a.exponent - b.exponent;
    const bool sticky = shift > 60 || (shift > 0 && (b.mantissa & ((u64{1} << shift) - 1)) != 0);
    b.mantissa = shift > 60 ? 0 : b.mantissa >> shift;
    if (a.negative == b.negative) return pack(a.negative, a.exponent, a.mantissa + b.mantissa, sticky);
    // What the shift lost makes the difference a little smaller.
    if (a.mantissa >= b.mantissa) return pack(a.negative, a.exponent, a.mantissa - b.mantissa - (sticky ? 1 : 0), sticky);
    return pack(b.negative, a.exponent, b.mantissa - a.mantissa, sticky);
}

double from_unsigned(bool negative, u32 value) { return pack(negative, 55, value, false); }

}  // namespace

extern "C" {

u32 __udivsi3(u32 n, u32 d) { return divide(n, d).quotient; }
u32 __umodsi3(u32 n, u32 d) { return divide(n, d).rest; }
u64 __udivdi3(u64 n, u64 d) { return divide(n, d).quotient; }
u64 __umoddi3(u64 n, u64 d) { return divide(n, d).rest; }

std::int32_t __divsi3(std::int32_t n, std::int32_t d) {
    const u32 q = __udivsi3(n < 0 ? 0 - static_cast<u32>(n) : static_cast<u32>(n), d < 0 ? 0 - static_cast<u32>(d) : static_cast<u32>(d));
    return static_cast<std::int32_t>((n < 0) != (d < 0) ? 0 - q : q);
}

std::int64_t __divdi3(std::int64_t n, std::int64_t d) {
    const u64 q = __udivdi3(n < 0 ? 0 - static_cast<u64>(n) : static_cast<u64>(n), d < 0 ? 0 - static_cast<u64>(d) : static_cast<u64>(d));
    return static_cast<std::int64_t>((n < 0) != (d < 0) ? 0 - q : q);
}

u64 __muldi3(u64 a, u64 b) {
    const auto al = static_cast<u32>(a);
    const auto bl = static_cast<u32>(b);
    const u32 cross = static_cast<u32>(a >> 32) * bl + al * static_cast<u32>(b >> 32);
    return multiply(al, bl) + (static_cast<u64>(cross) << 32);
}

u64 __umulsidi3(u32 a, u32 b) { return multiply(a, b); }

double __adddf3(double a, double b) { return add(a, b); }
double __subdf3(double a, double b) { return add(a, std::bit_cast<double>(std::bit_cast<u64>(b) ^ (u64{1} << 63))); }

double __muldf3(double x, double y) {
    const Unpacked a = unpack(x);
    const Unpacked b = unpack(y);
    const bool negative = a.negative != b.negative;
    if (a.special || b.special) return a.special ? x : y;
    if (a.mantissa == 0 || b.mantissa == 0) return pack(negative, 0, 0, false);
    // The 53-bit parts, multiplied to 106 bits in four pieces.
    const u64 am = a.mantissa >> 3;
    const u64 bm = b.mantissa >> 3;
    const auto al = static_cast<u32>(am);
    const auto ah = static_cast<u32>(am >> 32);
    const auto bl = static_cast<u32>(bm);
    const auto bh = static_cast<u32>(bm >> 32);
    const u64 low = multiply(al, bl);
    const u64 mid = multiply(ah, bl) + (low >> 32);
    const u64 mid2 = multiply(al, bh) + (mid & 0xFFFFFFFF);
    const u64 high = multiply(ah, bh) + (mid >> 32) + (mid2 >> 32);
    const u64 bottom = (mid2 << 32) | (low & 0xFFFFFFFF);
    // high holds bits 64 and up; the product has its point at bit 104, the mantissa wants it at bit 55.
    const u64 mantissa = (high << 15) | (bottom >> 49);
    return pack(negative, a.exponent + b.exponent, mantissa, (bottom & ((u64{1} << 49) - 1)) != 0);
}

double __divdf3(double x, double y) {
    const Unpacked a = unpack(x);
    const Unpacked b = unpack(y);
    const bool negative = a.negative != b.negative;
    if (a.special || b.special) return a.special ? x : pack(negative, 0, 0, false);
    if (b.mantissa == 0) return a.mantissa == 0 ? not_a_number() : std::bit_cast<double>((u64{negative ? 1U : 0U} << 63) | (u64{0x7FF} << 52));
    if (a.mantissa == 0) return pack(negative, 0, 0, false);
    u64 rest = a.mantissa;
    u64 quotient = 0;
    for (int bit = 0; bit < 57; ++bit) {
        quotient <<= 1;
        if (rest >= b.mantissa) {
            rest -= b.mantissa;
            quotient |= 1;
        }
        rest <<= 1;
    }
    return pack(negative, a.exponent - b.exponent - 1, quotient, rest != 0);
}

double __floatunsidf(u32 value) { return from_unsigned(false, value); }
double __floatsidf(std::int32_t value) {
    return from_unsigned(value < 0, value < 0 ? 0 - static_cast<u32>(value) : static_cast<u32>(value));
}

u32 __fixunsdfsi(double value) {
    const Unpacked v = unpack(value);
    if (v.mantissa == 0 || v.negative || v.exponent < 0) return 0;
    return v.exponent > 31 ? 0xFFFFFFFF : static_cast<u32>(v.mantissa >> (55 - v.exponent));
}

std::int32_t __fixdfsi(double value) {
    const bool negative = unpack(value).negative;
    const u32 magnitude = __fixunsdfsi(negative ? std::bit_cast<double>(std::bit_cast<u64>(value) & ~(u64{1} << 63)) : value);
    const u32 limit = negative ? 0x80000000U : 0x7FFFFFFFU;
    const u32 held = magnitude > limit ? limit : magnitude;
    return static_cast<std::int32_t>(negative ? 0 - held : held);
}

}  // extern "C"
