// Little-endian fields and checksums of everything that is stored in flash.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace egiz {

// A cursor over a fixed buffer. Writing or reading past the end sets failed() instead of touching memory.
class ByteWriter {
  public:
    explicit ByteWriter(std::span<std::uint8_t> out) : out_(out) {}

    void le(std::uint64_t value, std::size_t bytes) {
        if (bytes > 8 || out_.size() - used_ < bytes) {
            failed_ = true;
            return;
        }
        for (std::size_t i = 0; i < bytes; ++i) out_[used_++] = static_cast<std::uint8_t>(value >> (8 * i));
    }
    void raw(std::span<const std::uint8_t> data) {
        if (out_.size() - used_ < data.size()) {
            failed_ = true;
            return;
        }
        if (!data.empty()) std::memcpy(out_.data() + used_, data.data(), data.size());
        used_ += data.size();
    }
    [[nodiscard]] std::size_t used() const { return used_; }
    [[nodiscard]] bool failed() const { return failed_; }

  private:
    std::span<std::uint8_t> out_;
    std::size_t used_ = 0;
    bool failed_ = false;
};

class ByteReader {
  public:
    explicit ByteReader(std::span<const std::uint8_t> in) : in_(in) {}

    std::uint64_t le(std::size_t bytes) {
        if (bytes > 8 || in_.size() - used_ < bytes) {
            failed_ = true;
            return 0;
        }
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < bytes; ++i) value |= static_cast<std::uint64_t>(in_[used_++]) << (8 * i);
        return value;
    }
    std::int16_t i16() { return static_cast<std::int16_t>(static_cast<std::uint16_t>(le(2))); }
    std::int32_t i32() { return static_cast<std::int32_t>(static_cast<std::uint32_t>(le(4))); }
    std::uint32_t u32() { return static_cast<std::uint32_t>(le(4)); }
    void raw(std::span<std::uint8_t> out) {
        if (in_.size() - used_ < out.size()) {
            failed_ = true;
            return;
        }
        if (!out.empty()) std::memcpy(out.data(), in_.data() + used_, out.size());
        used_ += out.size();
    }
    [[nodiscard]] bool failed() const { return failed_; }
    [[nodiscard]] std::size_t used() const { return used_; }

  private:
    std::span<const std::uint8_t> in_;
    std::size_t used_ = 0;
    bool failed_ = false;
};

// CRC-16/CCITT-FALSE: protects one record slot.
std::uint16_t crc16(std::span<const std::uint8_t> data);
// CRC-32 (IEEE 802.3): protects headers, cursors and stored settings.
std::uint32_t crc32(std::span<const std::uint8_t> data);
// FNV-1a: names a command id in the command log. Not a security measure.
std::uint64_t fnv1a(std::string_view text);

inline std::span<const std::uint8_t> as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace egiz
