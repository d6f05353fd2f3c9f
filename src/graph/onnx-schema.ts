/**
 * The messages of the ONNX format (`onnx.proto3`, IR version 10) as far as models use them, for protobufjs.
 * Fields that are not listed would be lost on rewriting, so what inference models hold is listed in full.
 */
import protobuf from "protobufjs/light.js";

type Fields = Record<string, { id: number; type: string; rule?: "repeated"; options?: { packed: boolean } }>;

const one = (id: number, type: string) => ({ id, type });
const many = (id: number, type: string) => ({ id, type, rule: "repeated" as const });

const messages: Record<string, Fields> = {
  StringStringEntryProto: { key: one(1, "string"), value: one(2, "string") },
  OperatorSetIdProto: { domain: one(1, "string"), version: one(2, "int64") },
  TensorShapeDimension: {
    dimValue: one(1, "int64"),
    dimParam: one(2, "string"),
    denotation: one(3, "string"),
  },
  TensorShapeProto: { dim: many(1, "TensorShapeDimension") },
  TensorTypeProto: { elemType: one(1, "int32"), shape: one(2, "TensorShapeProto") },
  SequenceTypeProto: { elemType: one(1, "TypeProto") },
  TypeProto: {
    tensorType: one(1, "TensorTypeProto"),
    sequenceType: one(4, "SequenceTypeProto"),
    optionalType: one(9, "SequenceTypeProto"),
    denotation: one(6, "string"),
  },
  ValueInfoProto: {
    name: one(1, "string"),
    type: one(2, "TypeProto"),
    docString: one(3, "string"),
    metadataProps: many(4, "StringStringEntryProto"),
  },
  TensorProto: {
    dims: many(1, "int64"),
    dataType: one(2, "int32"),
    floatData: many(4, "float"),
    int32Data: many(5, "int32"),
    stringData: many(6, "bytes"),
    int64Data: many(7, "int64"),
    name: one(8, "string"),
    rawData: one(9, "bytes"),
    doubleData: many(10, "double"),
    uint64Data: many(11, "uint64"),
    docString: one(12, "string"),
    externalData: many(13, "StringStringEntryProto"),
    dataLocation: one(14, "int32"),
  },
  AttributeProto: {
    name: one(1, "string"),
    f: one(2, "float"),
    i: one(3, "int64"),
    s: one(4, "bytes"),
    t: one(5, "TensorProto"),
    g: one(6, "GraphProto"),
    floats: many(7, "float"),
    ints: many(8, "int64"),
    strings: many(9, "bytes"),
    tensors: many(10, "TensorProto"),
    graphs: many(11, "GraphProto"),
    docString: one(13, "string"),
    tp: one(14, "TypeProto"),
    typeProtos: many(15, "TypeProto"),
    type: one(20, "int32"),
    refAttrName: one(21, "string"),
  },
  NodeProto: {
    input: many(1, "string"),
    output: many(2, "string"),
    name: one(3, "string"),
    opType: one(4, "string"),
    attribute: many(5, "AttributeProto"),
    docString: one(6, "string"),
    domain: one(7, "string"),
    overload: one(8, "string"),
    metadataProps: many(9, "StringStringEntryProto"),
  },
  GraphProto: {
    node: many(1, "NodeProto"),
    name: one(2, "string"),
    initializer: many(5, "TensorProto"),
    docString: one(10, "string"),
    input: many(11, "ValueInfoProto"),
    output: many(12, "ValueInfoProto"),
    valueInfo: many(13, "ValueInfoProto"),
    metadataProps: many(16, "StringStringEntryProto"),
  },
  ModelProto: {
    irVersion: one(1, "int64"),
    producerName: one(2, "string"),
    producerVersion: one(3, "string"),
    domain: one(4, "string"),
    modelVersion: one(5, "int64"),
    docString: one(6, "string"),
    graph: one(7, "GraphProto"),
    opsetImport: many(8, "OperatorSetIdProto"),
    metadataProps: many(14, "StringStringEntryProto"),
  },
};

const root = protobuf.Root.fromJSON({
  nested: Object.fromEntries(Object.entries(messages).map(([name, fields]) => [name, { fields }])),
});

export const modelType = root.lookupType("ModelProto");
