// The two application slots (FR-1.8). The image is written by partition offset rather than through the SDK's OTA
// stream: resuming after a power cut is then the same as writing.
#pragma once

#include "esp_partition.h"
#include "ports.hpp"

namespace egiz::esp {

class OtaPartitions final : public OtaSlots {
  public:
    Status open();

    BootState boot_state() override;
    std::size_t slot_size() override;
    Status begin(std::size_t image_size) override;
    Status resume(std::size_t offset) override;
    Status write(std::size_t offset, Bytes data) override;
    Status read(std::size_t offset, MutableBytes out) override;
    Status activate() override;
    Status confirm() override;
    void roll_back() override;
    void abandon() override;

  private:
    Status erase_up_to(std::size_t end);

    const esp_partition_t* running_ = nullptr;
    const esp_partition_t* target_ = nullptr;
    std::size_t erased_ = 0;  // bytes of the target that are erased and may be written
};

}  // namespace egiz::esp
