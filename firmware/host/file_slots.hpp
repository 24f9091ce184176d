// The two application slots of a virtual board, with the rules of the ESP32's boot loader: a new image boots once on
// trial; any restart before it is confirmed brings the old one back.
//
// An image for virtual boards is one line of JSON, {"version","build","crash_on_boot"}, behind the magic EGIZVB1, and
// anything after it. Booting an image means taking over its version and build.
#pragma once

#include <cstdint>
#include <string>

#include "ports.hpp"

namespace egiz::host {

struct Image {
    std::string version;
    std::uint32_t build = 0;
    bool crash_on_boot = false;
};

class FileSlots final : public OtaSlots {
  public:
    FileSlots(std::string path, Image factory);

    // What the boot loader does after a reset; returns the image that runs now.
    const Image& power_on();
    [[nodiscard]] bool wants_restart() const { return restart_; }

    BootState boot_state() override { return boot_state_; }
    std::size_t slot_size() override { return 1'769'472; }  // 0x1B0000, as in the partition table
    Status begin(std::size_t image_size) override;
    Status resume(std::size_t offset) override;
    Status write(std::size_t offset, Bytes data) override;
    Status read(std::size_t offset, MutableBytes out) override;
    Status activate() override;
    Status confirm() override;
    void roll_back() override;
    void abandon() override;

  private:
    enum class Switch : std::uint8_t { none = 0, requested = 1, on_trial = 2, failed = 3 };
    void load();
    Status store();
    [[nodiscard]] std::string slot_path() const { return path_ + ".slot"; }
    [[nodiscard]] bool parse_image(Image& out) const;

    std::string path_;
    Image running_;
    Image candidate_;
    Switch switch_ = Switch::none;
    BootState boot_state_ = BootState::confirmed;
    bool restart_ = false;
};

}  // namespace egiz::host
