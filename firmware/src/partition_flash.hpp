// The backlog's flash partition "queue".
#pragma once

#include "esp_partition.h"
#include "ports.hpp"

namespace egiz::esp {

class PartitionFlash final : public Flash {
  public:
    Status open();

    std::size_t sector_size() override;
    std::size_t sector_count() override;
    Status read(std::size_t offset, MutableBytes out) override;
    Status write(std::size_t offset, Bytes data) override;
    Status erase(std::size_t sector) override;

  private:
    const esp_partition_t* partition_ = nullptr;
};

}  // namespace egiz::esp
