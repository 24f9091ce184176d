// Error values of the core. No exceptions exist here: everything that can fail says so in its return type.
#pragma once

#include <cstdint>
#include <string_view>

namespace egiz {

enum class Err : std::uint8_t {
    ok = 0,
    not_found,      // the key, slot or record does not exist
    no_space,       // a fixed buffer or partition is full
    io,             // the device below reported a failure
    timeout,        // no answer within the time given
    bad_argument,   // the caller's value is outside the contract
    corrupt,        // checksum, magic or framing does not match
    unsupported,    // this build or this hardware cannot do it
    busy,           // another operation is in progress
    not_connected,  // no session with the broker
    denied,         // refused by policy (signature, downgrade, recipient)
};

std::string_view to_string(Err e);

// A value or the reason why there is none. T must be default constructible, as nothing here allocates.
template <class T>
class Result {
  public:
    constexpr Result(T value) : value_(value), err_(Err::ok) {}
    constexpr Result(Err e) : err_(e) {}
    [[nodiscard]] constexpr bool ok() const { return err_ == Err::ok; }
    [[nodiscard]] constexpr explicit operator bool() const { return ok(); }
    [[nodiscard]] constexpr Err error() const { return err_; }
    // Only meaningful after ok(); an errored result yields T{}.
    [[nodiscard]] constexpr const T& value() const { return value_; }
    [[nodiscard]] constexpr T value_or(T fallback) const { return ok() ? value_ : fallback; }

  private:
    T value_{};
    Err err_;
};

class [[nodiscard]] Status {
  public:
    constexpr Status() = default;
    constexpr Status(Err e) : err_(e) {}
    [[nodiscard]] constexpr bool ok() const { return err_ == Err::ok; }
    [[nodiscard]] constexpr explicit operator bool() const { return ok(); }
    [[nodiscard]] constexpr Err error() const { return err_; }

  private:
    Err err_ = Err::ok;
};

}  // namespace egiz
