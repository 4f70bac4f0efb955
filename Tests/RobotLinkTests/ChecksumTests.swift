// CRC-32C against the published vectors.

import CRobotProtocol
import RobotLink
import Testing

@Suite("Checksum") struct ChecksumTests {
  func checksum(_ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBytes { rp_crc32c($0.baseAddress!, $0.count) } }

  @Test func `CRC-32C equals the vectors of RFC 3720, appendix B.4`() {
    #expect(checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(checksum([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    #expect(checksum(Array(0..<32)) == 0x46DD_794E)
    #expect(checksum(Array((0..<32).reversed())) == 0x113F_DB5C)
    #expect(checksum(Array("123456789".utf8)) == 0xE306_9283)
  }

  @Test func `a profile's default schema is the checksum that robot.proto documents`() {
    #expect(cheetah.schema == 0xD75F_822A)
  }
}
