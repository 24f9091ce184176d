// A NOR partition in a file. Bytes are stored inverted, so that an erased sector is a hole in a sparse file: hundreds
// of virtual boards cost no disk. Every operation is one system call, so a killed process leaves what it had written.
#pragma once

#include <string>

#include "ports.hpp"

namespace egiz::host {

class FileFlash final : public Flash {
  public:
    static constexpr std::size_t sector_bytes = 4096;
    static constexpr std::size_t sectors = 64;  // 256 KB, as on the ESP32

    explicit FileFlash(const std::string& path);
    ~FileFlash();
    FileFlash(const FileFlash&) = delete;
    FileFlash& operator=(const FileFlash&) = delete;

    [[nodiscard]] bool usable() const { return fd_ >= 0; }
    std::size_t sector_size() override { return sector_bytes; }
    std::size_t sector_count() override { return sectors; }
    Status read(std::size_t offset, MutableBytes out) override;
    Status write(std::size_t offset, Bytes data) override;
    Status erase(std::size_t sector) override;

  private:
    int fd_ = -1;
};

}  // namespace egiz::host
