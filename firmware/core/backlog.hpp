// FR-1.7: up to 1,000 telemetry records that the broker has not acknowledged yet, oldest first.
//
// New records enter a RAM ring. While the link is down, or the RAM ring is full, its oldest records move to the flash
// ring, so the flash always holds the older part and order is kept. Beyond 1,000 the oldest record is dropped and
// counted. With a link the flash is not touched: one record a second would wear it out in a few years.
#pragma once

#include <array>
#include <cstdint>

#include "flash_ring.hpp"

namespace egiz {

class Backlog {
  public:
    static constexpr std::size_t max_records = 1000;
    static constexpr std::size_t ram_records = 128;

    explicit Backlog(Flash& flash) : ring_(flash) {}

    // Without a usable flash the backlog goes on in RAM alone (safe mode, worn-out part); the status says so.
    Status open();
    void push(const RecordBytes& record);
    [[nodiscard]] std::size_t size() const { return ring_.size() + ram_count_; }
    [[nodiscard]] std::size_t capacity() const;
    [[nodiscard]] std::uint32_t dropped() const { return dropped_; }
    [[nodiscard]] bool flash_ok() const { return flash_ok_; }
    // The index-th oldest record; corrupt when flash lost it (the caller pops it, it is counted as dropped).
    Result<RecordBytes> read(std::size_t index);
    // The oldest record is delivered.
    void pop_front();
    // How many of the oldest records were dropped since the last call: a window over the front has to move by as many.
    std::size_t take_front_losses();
    // From now on every record goes to flash at once.
    void set_offline(bool offline);
    // Everything to flash: before a restart, and when acknowledgements stay out.
    void persist();
    // Stores the read position so that a restart repeats as little as possible.
    void sync() { (void)ring_.sync(); }

  private:
    bool spill_oldest();
    void drop_front();
    void drop_oldest_in_ram();

    FlashRing ring_;
    std::array<RecordBytes, ram_records> ram_{};
    std::size_t ram_head_ = 0;
    std::size_t ram_count_ = 0;
    std::uint32_t dropped_ = 0;
    std::size_t front_losses_ = 0;
    bool offline_ = true;
    bool flash_ok_ = false;
};

}  // namespace egiz
