// A signature as libffi knows it.

@preconcurrency import CFFI
import Lyrebird

/// Owns a call interface and the types that it names. Does not change once it is made.
final class ForeignSignature: @unchecked Sendable {
    let signature: Signature
    let interface: UnsafeMutablePointer<ffi_cif>
    private let arguments: UnsafeMutablePointer<UnsafeMutablePointer<ffi_type>?>
    private var structures: [UnsafeMutablePointer<ffi_type>] = []

    init(_ signature: Signature) throws(CallError) {
        self.signature = signature
        let count = signature.parameters.count
        interface = .allocate(capacity: 1)
        interface.initialize(to: ffi_cif())
        arguments = .allocate(capacity: count + 1)
        arguments.initialize(repeating: nil, count: count + 1)
        for (index, type) in signature.parameters.enumerated() { arguments[index] = foreign(type) }
        let result = foreign(signature.result)
        let status =
            if let fixed = signature.fixedParameters {
                ffi_prep_cif_var(interface, FFI_DEFAULT_ABI, UInt32(fixed), UInt32(count), result, arguments)
            } else {
                ffi_prep_cif(interface, FFI_DEFAULT_ABI, UInt32(count), result, arguments)
            }
        guard status == FFI_OK else { throw .notCallable }
    }

    deinit {
        for type in structures {
            type.pointee.elements.deallocate()
            type.deallocate()
        }
        arguments.deallocate()
        interface.deallocate()
    }

    private func foreign(_ type: CType) -> UnsafeMutablePointer<ffi_type> {
        func known(_ type: UnsafeMutablePointer<ffi_type>) -> UnsafeMutablePointer<ffi_type> { type }
        switch type {
        case .void: return known(&ffi_type_void)
        case .bool, .uint8: return known(&ffi_type_uint8)
        case .int8: return known(&ffi_type_sint8)
        case .uint16: return known(&ffi_type_uint16)
        case .int16: return known(&ffi_type_sint16)
        case .uint32: return known(&ffi_type_uint32)
        case .int32: return known(&ffi_type_sint32)
        case .uint64, .address: return known(&ffi_type_uint64)
        case .int64: return known(&ffi_type_sint64)
        case .float: return known(&ffi_type_float)
        case .double: return known(&ffi_type_double)
        case .pointer, .function: return known(&ffi_type_pointer)
        case .structure(let fields):
            let elements = UnsafeMutablePointer<UnsafeMutablePointer<ffi_type>?>.allocate(capacity: fields.count + 1)
            for (index, field) in fields.enumerated() { (elements + index).initialize(to: foreign(field)) }
            (elements + fields.count).initialize(to: nil)
            let structure = UnsafeMutablePointer<ffi_type>.allocate(capacity: 1)
            // libffi computes size and alignment.
            structure.initialize(
                to: ffi_type(size: 0, alignment: 0, type: UInt16(FFI_TYPE_STRUCT), elements: elements))
            structures.append(structure)
            return structure
        }
    }
}
