// NOR flash in memory that behaves like the part: erase sets sectors to 0xFF, a write can only clear bits, and power
// can be cut in the middle of any operation, leaving it half done.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ports.hpp"

namespace egiz::test {

class NorFlash final : public Flash {
  public:
    explicit NorFlash(std::size_t sectors, std::size_t sector_bytes = 4096)
        : data_(sectors * sector_bytes, 0xFF), sector_bytes_(sector_bytes), sectors_(sectors), erases_(sectors, 0) {}

    std::size_t sector_size() override { return sector_bytes_; }
    std::size_t sector_count() override { return sectors_; }

    Status read(std::size_t offset, MutableBytes out) override {
        if (offset > data_.size() || out.size() > data_.size() - offset) return Err::bad_argument;
        for (std::size_t i = 0; i < out.size(); ++i) out[i] = data_[offset + i];
        return {};
    }

    Status write(std::size_t offset, Bytes data) override {
        if (offset > data_.size() || data.size() > data_.size() - offset) return Err::bad_argument;
        if (offset % 16 != 0 || data.size() % 16 != 0) return Err::bad_argument;
        if (!powered_) return Err::io;
        if (failing_) return Err::io;
        const bool cut = cut_now();
        const std::size_t whole = cut ? random() % (data.size() + 1) : data.size();
        for (std::size_t i = 0; i < whole; ++i) program(offset + i, data[i]);
        // The byte under the programming pulse gets only some of its bits.
        if (cut && whole < data.size()) program(offset + whole, static_cast<std::uint8_t>(data[whole] | random()));
        return cut ? Status(Err::io) : Status();
    }

    Status erase(std::size_t sector) override {
        if (sector >= sectors_) return Err::bad_argument;
        if (!powered_) return Err::io;
        if (failing_) return Err::io;
        const bool cut = cut_now();
        ++erases_[sector];
        for (std::size_t i = 0; i < sector_bytes_; ++i) {
            std::uint8_t& byte = data_[sector * sector_bytes_ + i];
            if (!cut) byte = 0xFF;
            if (cut && random() % 2 == 0) byte = static_cast<std::uint8_t>(byte | random());
        }
        return cut ? Status(Err::io) : Status();
    }

    // Power goes away during the n-th write or erase from now (0 = the next one).
    void cut_power_after(std::uint64_t operations, std::uint32_t seed) {
        cut_armed_ = true;
        cut_in_ = operations;
        random_state_ = seed * 2654435761U + 1;
    }
    void power_on() {
        powered_ = true;
        cut_armed_ = false;
    }
    [[nodiscard]] bool powered() const { return powered_; }
    void set_failing(bool failing) { failing_ = failing; }
    [[nodiscard]] std::uint64_t operations() const { return operations_; }
    [[nodiscard]] const std::vector<std::uint32_t>& erases() const { return erases_; }
    std::vector<std::uint8_t>& bytes() { return data_; }
    // A write that would have had to set a bit: a bug in the code under test, never a property of the part.
    [[nodiscard]] std::uint64_t illegal_writes() const { return illegal_writes_; }

  private:
    void program(std::size_t at, std::uint8_t value) {
        if ((value & ~data_[at]) != 0 && powered_) ++illegal_writes_;
        data_[at] = static_cast<std::uint8_t>(data_[at] & value);
    }
    bool cut_now() {
        ++operations_;
        if (!cut_armed_ || cut_in_-- != 0) return false;
        powered_ = false;
        cut_armed_ = false;
        return true;
    }
    std::uint32_t random() {
        random_state_ ^= random_state_ << 13;
        random_state_ ^= random_state_ >> 17;
        random_state_ ^= random_state_ << 5;
        return random_state_;
    }

    std::vector<std::uint8_t> data_;
    std::size_t sector_bytes_;
    std::size_t sectors_;
    std::vector<std::uint32_t> erases_;
    bool powered_ = true;
    bool failing_ = false;
    bool cut_armed_ = false;
    std::uint64_t cut_in_ = 0;
    std::uint32_t random_state_ = 1;
    std::uint64_t operations_ = 0;
    std::uint64_t illegal_writes_ = 0;
};

}  // namespace egiz::test
