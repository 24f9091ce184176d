// A ring of 64-byte records on raw NOR flash that survives a power cut at any write.
//
// Layout: all sectors but the last two hold records. A data sector is one header slot (magic, sector number, crc32)
// and S record slots; sector number n lives in physical sector n mod D, so a record's position n * S + slot tells
// where it is and never changes. The last two sectors hold the cursor log: 16-byte entries (position, counter, crc32)
// naming the first record that is still wanted. Nothing is rewritten in place, so flash encryption is no obstacle.
//
// Rules that make a cut harmless:
//  - the cursor is stored before the sector it frees is erased;
//  - a slot is used once per erase; one that is neither erased nor valid is a hole and is skipped;
//  - what was acknowledged but not yet in the cursor log is delivered again (QoS 1), never lost.
#pragma once

#include <array>
#include <cstdint>

#include "ports.hpp"
#include "record.hpp"

namespace egiz {

class FlashRing {
  public:
    static constexpr std::size_t max_data_sectors = 64;
    static constexpr std::size_t cursor_sectors = 2;

    explicit FlashRing(Flash& flash) : flash_(flash) {}

    // Finds what an earlier boot left. unsupported: the partition is too small or has an unusable geometry.
    Status open();
    [[nodiscard]] bool usable() const { return data_sectors_ != 0; }
    // Records that fit for certain, with one sector in reserve for erasing.
    [[nodiscard]] std::size_t capacity() const;
    [[nodiscard]] std::size_t size() const { return count_; }
    // Appends behind the newest. When the ring is physically full the oldest sector is given up.
    Status append(const RecordBytes& record);
    // The index-th oldest record. corrupt when the medium no longer returns what was written.
    Result<RecordBytes> read(std::size_t index);
    // The oldest record is no longer wanted. Stored at the latest after cursor_lag records.
    void drop_front();
    // Stores the cursor now (orderly restart, idle loop).
    Status sync();
    [[nodiscard]] std::uint32_t holes() const { return holes_; }

  private:
    static constexpr std::uint32_t cursor_lag = 16;

    Status give_up_for(std::uint32_t number);
    Status open_sector(std::uint32_t number);
    Status write_slot(std::uint32_t position, const RecordBytes& record);
    void recover_cursor();
    bool recover_sectors(std::uint32_t& newest);
    void recover_slots(std::uint32_t number, bool newest);
    void settle(std::uint32_t newest, bool found);
    [[nodiscard]] bool slot_written(std::uint32_t position, RecordBytes& out);
    Status write_cursor_entry(std::size_t sector);
    [[nodiscard]] bool live(std::uint32_t position) const;
    void set_live(std::uint32_t position, bool on);
    [[nodiscard]] std::size_t offset_of(std::uint32_t position) const;
    void skip_dead();
    void recount();

    Flash& flash_;
    std::size_t data_sectors_ = 0;
    std::uint32_t slots_ = 0;             // record slots of a sector (S)
    std::size_t cursor_entries_ = 0;      // entries of a cursor sector
    std::array<std::uint64_t, max_data_sectors> live_{};  // which slots of a physical sector hold a wanted record
    std::uint32_t head_ = 0;              // position of the oldest wanted record
    std::uint32_t next_ = 0;              // position of the next write
    std::uint32_t stored_head_ = 0;       // head_ as the cursor log knows it
    std::uint32_t cursor_counter_ = 0;    // orders cursor entries
    std::size_t cursor_sector_ = 0;       // 0 or 1: which cursor sector is being filled
    std::size_t cursor_next_ = 0;         // its next free entry
    std::size_t count_ = 0;
    std::uint32_t holes_ = 0;
};

}  // namespace egiz
