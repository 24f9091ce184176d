// JSON into a fixed buffer. Commas and nesting are the writer's business; numbers are fixed point, so that a value
// of the core is printed exactly and without floating point.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace egiz {

class JsonWriter {
  public:
    explicit JsonWriter(std::span<char> out) : out_(out) {}

    JsonWriter& open_object() { return open('{'); }
    JsonWriter& close_object() { return close('}'); }
    JsonWriter& open_array() { return open('['); }
    JsonWriter& close_array() { return close(']'); }
    JsonWriter& key(std::string_view name);
    JsonWriter& text(std::string_view value);
    JsonWriter& integer(std::int64_t value);
    JsonWriter& unsigned_integer(std::uint64_t value);
    // raw / 10^decimals, e.g. decimal(2205, 1) is 220.5; trailing zeros are left out.
    JsonWriter& decimal(std::int64_t raw, unsigned decimals);
    JsonWriter& boolean(bool value);
    JsonWriter& null();

    // Complete and whole: every bracket closed and nothing cut off.
    [[nodiscard]] bool good() const { return !overflow_ && depth_ == 0; }
    [[nodiscard]] std::string_view view() const { return {out_.data(), used_}; }

  private:
    JsonWriter& open(char c);
    JsonWriter& close(char c);
    void before_value();
    void put(char c);
    void put(std::string_view s);
    void put_escaped(std::string_view s);

    static constexpr std::size_t max_depth = 8;
    std::span<char> out_;
    std::size_t used_ = 0;
    std::size_t depth_ = 0;
    std::array<bool, max_depth + 1> has_member_{};
    bool after_key_ = false;
    bool overflow_ = false;
};

}  // namespace egiz
